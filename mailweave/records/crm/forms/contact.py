"""A contact, as it is filled in."""

from typing import Any

from django import forms

from mailweave.records.common.fields import Line, Note, Owner
from mailweave.records.crm.forms.fields import CompanyName
from mailweave.records.crm.models import Contact


class ContactForm(forms.Form):
    """Everything of a contact but the addresses."""

    name = Line(max_length=200)
    title = Line(required=False, max_length=200, label="Job title")
    company = CompanyName()
    phone = Line(required=False, max_length=64)
    owner = Owner()
    note = Note()


def filled(contact: Contact) -> dict[str, Any]:
    """What the form starts with."""
    return {
        "name": contact.name,
        "title": contact.title,
        "company": contact.company.name if contact.company else "",
        "phone": contact.phone,
        "owner": contact.owner_id or "",
        "note": contact.note,
    }
