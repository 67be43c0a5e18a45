"""Composition of plans: who makes one, carries it out, delivers it; for commands and the server.

Part of the composition root beside ``app``, ``spending`` and ``acting``. A plan lives in a folder
of the state directory; whatever a process does for it goes through its journal.
"""
