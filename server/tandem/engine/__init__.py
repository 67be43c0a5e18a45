"""The one path to a model: what may be spent, when to try again, what was really billed."""
