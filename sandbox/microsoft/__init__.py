"""Microsoft's face: the identity platform, and Microsoft Graph for mail."""
