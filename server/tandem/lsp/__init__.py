"""The only package that knows the protocol: pygls and lsprotocol end here."""
