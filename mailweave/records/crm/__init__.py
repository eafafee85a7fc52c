"""Contacts, companies and deals."""
