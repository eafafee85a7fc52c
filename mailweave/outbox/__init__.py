"""What we send, one letter at a time."""
