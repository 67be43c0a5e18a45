"""Ghost text: decide, remember, ask, trim."""
