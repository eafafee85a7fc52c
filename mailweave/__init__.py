"""Mailweave weaves a team's mailboxes into the records they are about."""
