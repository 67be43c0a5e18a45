"""The index of a workspace: facts, graph and statistics that cost no model call."""
