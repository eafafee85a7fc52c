"""Where mailboxes live: plain Python over HTTP."""
