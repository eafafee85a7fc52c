"""RFC 5322 and its family as pure functions: bytes and text in, dataclasses out; no I/O."""
