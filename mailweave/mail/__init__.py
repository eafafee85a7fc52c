"""What we have: the archive of messages, copies and threads."""
