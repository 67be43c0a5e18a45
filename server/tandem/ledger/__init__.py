"""Where the money went: an append-only record that no crash can lose."""
