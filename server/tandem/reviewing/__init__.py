"""Composition of reviews: what is compared, the prompts, who answers; for commands and the server.

Part of the composition root beside ``app``, ``spending`` and ``planning``.
"""
