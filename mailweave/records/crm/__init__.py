"""Contacts, companies, leads and deals."""
