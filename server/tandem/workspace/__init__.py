"""What the user has open, wants and owns: documents, settings, files."""
