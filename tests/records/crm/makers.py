"""Rows for the CRM's tests, made the way the pages make them."""

from datetime import UTC, datetime
from typing import Any

from django.test import Client

from mailweave.linking import matching
from mailweave.mail.models import Address, Message, Participant, Thread
from mailweave.people import workspaces
from mailweave.people.models import User
from mailweave.records.crm import companies, contacts, deals, leads
from mailweave.records.crm.models import Company, Contact, Deal, Lead

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def make_workspace(name: str) -> tuple[int, User]:
    """A workspace's id and its owner."""
    user = workspaces.open_workspace(name, f"Owner of {name}", f"{name}@home.example", "x", "UTC")
    (member,) = workspaces.memberships(user)
    return member.workspace_id, user


def sign_in(user: User) -> Client:
    """A browser of theirs."""
    client = Client()
    client.force_login(user)
    return client


def make_contact(name: str, *addresses: str, **fields: Any) -> Contact:
    """A contact; the first address is the primary one."""
    contact = Contact(name=name, **fields)
    contacts.store(contact, addresses)
    return contact


def make_company(name: str, *addresses: str, **fields: Any) -> Company:
    """A company; the first address is its main one, the others are portals'."""
    company = Company(name=name, **fields)
    kinds = ["primary", *["portal"] * len(addresses)]
    companies.store(company, list(zip(addresses, kinds, strict=False)))
    return company


def make_lead(name: str, *addresses: str, **fields: Any) -> Lead:
    """A lead; the first address is the primary one."""
    lead = Lead(name=name, **fields)
    leads.store(lead, addresses)
    return lead


def make_deal(name: str, *people: Contact, **fields: Any) -> Deal:
    """A deal; the first contact is the primary one."""
    deal = Deal(name=name, **fields)
    deals.store(deal, [contact.pk for contact in people])
    return deal


def make_mail(sender: str, number: int) -> Message:
    """A received message, alone in its thread, linked as on arrival."""
    thread = Thread.objects.create(subject="Hello", first_at=NOON, last_at=NOON, message_count=1)
    address, _ = Address.objects.get_or_create(address=sender)
    message = Message.objects.create(
        thread=thread,
        identity=number.to_bytes(16, "big"),
        subject="Hello",
        sender=address,
        sent_at=NOON,
        direction="in",
        size=1,
        attachment_count=0,
    )
    Participant.objects.create(
        message=message, address=address, role=Participant.Role.FROM, position=0, sent_at=NOON
    )
    matching.link([thread.pk])
    return message
