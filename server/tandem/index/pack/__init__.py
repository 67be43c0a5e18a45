"""The Pro pack: a whole codebase as a prompt prefix that the API's cache keeps hitting."""
