"""One module per method or group: from the protocol, one feature call, to the protocol."""
