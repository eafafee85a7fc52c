"""A contact, as it is filled in."""

from typing import Any

from django import forms

from mailweave.people.access import Member
from mailweave.records.common import rights
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


def filled(contact: Contact, member: Member) -> dict[str, Any]:
    """What the form starts with, as far as the member sees."""
    return {
        "name": contact.name,
        "title": contact.title,
        "company": rights.name_of(member, contact.company),
        "phone": contact.phone,
        "owner": contact.owner_id or "",
        "note": contact.note,
    }
