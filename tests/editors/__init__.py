"""The proof in the real editors: each plugin, installed as its README says, on the real server."""
