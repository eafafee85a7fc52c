"""Pages of contacts."""

from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_safe

from mailweave.people.member import member_of, members
from mailweave.records.common import address_forms, rights
from mailweave.records.common.pages import deletion, form_page, held, listing, onward
from mailweave.records.crm import changes, contacts, deals, leads
from mailweave.records.crm.forms import contact as forms
from mailweave.records.crm.models import Contact
from mailweave.records.crm.pages.common import company_named
from mailweave.records.crm.pages.merging import leads_to

edits = require_http_methods(["GET", "HEAD", "POST"])


@members
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """All contacts, or those that were searched for."""
    member = rights.entering(request, "crm")
    find = partial(contacts.find, member)
    return listing(request, "crm/contacts.html", find, contacts.KIND)


@members
@require_safe
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """One contact, with the mail of that person beside."""
    member = rights.entering(request, "crm")
    contact = contacts.find(member).filter(pk=pk).first()
    if contact is None:
        return leads_to("contact", pk, member)
    rows = contacts.addresses(pk)
    context = {
        "contact": contact,
        "addresses": rows,
        "shared": contacts.sharing(member, pk, [row.address for row in rows]),
        "deals": deals.of_contact(member, pk),
        "lead": leads.find(member).filter(contact=pk).order_by("pk").first(),
        **rights.allowed(member, contact),
    }
    return render(request, "crm/contact.html", context)


@members
@edits
def new(request: HttpRequest) -> HttpResponse:
    """Add a contact."""
    rights.insist_any(rights.entering(request, "crm"), "edit", Contact)
    given = {one: request.GET.get(one, "").replace("\0", "")[:200] for one in ("name", "company")}
    address = request.GET.get("address", "").replace("\0", "")[:320]
    return _form(request, Contact(), given, [address] if address else [])


@members
@edits
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a contact; changed addresses link stored mail anew at once."""
    contact = held(Contact, pk, request)
    stored = [row.address for row in contacts.addresses(pk)]
    return _form(request, contact, forms.filled(contact, member_of(request)), stored)


@members
@edits
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete a contact, once confirmed."""
    return deletion(
        request,
        held(Contact, pk, request, "delete"),
        contacts.delete,
        "crm:contacts",
        goes="The contact, its addresses and note, the links between it and mail, and "
        "what was written down on its timeline.",
        stays="All mail, here and at your provider; the company and the deals.",
    )


def _form(
    request: HttpRequest, contact: Contact, initial: dict[str, Any], stored: list[str]
) -> HttpResponse:
    if request.method != "POST":
        rows, form = address_forms.show(stored), forms.ContactForm(initial=initial)
    elif "add" in request.POST:
        rows, form = (
            address_forms.more(request.POST),
            forms.ContactForm(initial=request.POST.dict()),
        )
    else:
        rows, form = address_forms.read(request.POST), forms.ContactForm(request.POST)
        if form.is_valid() and not any(row.error for row in rows):
            return _save(request, contact, form, address_forms.good(rows))
    context = {"form": form, "rows": rows, "contact": contact, "judged": form.is_bound}
    return form_page(request, "crm/contact_form.html", context)


def _save(
    request: HttpRequest, contact: Contact, form: forms.ContactForm, given: list[str]
) -> HttpResponse:
    before = changes.told(contacts.KIND, contact)
    for name in ("name", "title", "phone", "note"):
        setattr(contact, name, form.cleaned_data[name])
    contact.owner_id = form.cleaned_data["owner"]
    contact.company = company_named(request, form.cleaned_data["company"], contact.company)
    contacts.store(contact, given)
    member = member_of(request)
    changes.note(member, contacts.KIND, contact, before)
    messages.success(request, f"{contact.name} was saved.")
    for row in contacts.sharing(member, contact.pk, given):
        messages.warning(request, f"{row.address} also belongs to {row.contact.name}.")
    return onward(member, contact, "crm:contact", "crm:contacts")
