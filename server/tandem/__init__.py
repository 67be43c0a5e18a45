"""Tandem: an AI language server in which Flash pedals and Pro steers."""

__version__ = "0.1.0"
