"""What a message is about: links to records, each with its reason."""
