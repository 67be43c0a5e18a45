"""Quick fixes and rewrites: offered for free, checked before they are shown."""
