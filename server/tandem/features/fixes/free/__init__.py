"""Fixes that the index proves: no model is asked, nothing is spent."""
