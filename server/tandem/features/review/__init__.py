"""Review a change: evidence from the index, findings of Pro, gates against noise."""
