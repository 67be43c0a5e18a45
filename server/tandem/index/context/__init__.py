"""What else a completion's prompt should say: text of other files, and the order it comes in."""
