"""The repository engine: a longest-suffix-match language model of a workspace's own code."""
