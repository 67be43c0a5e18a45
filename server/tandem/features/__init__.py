"""What the product does, in its own words: no protocol types, no siblings."""
