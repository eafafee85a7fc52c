"""Google as its documents describe it: OAuth 2.0, OpenID Connect and Gmail API v1."""
