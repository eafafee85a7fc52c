"""What comes in: the engine that reads mailboxes."""
