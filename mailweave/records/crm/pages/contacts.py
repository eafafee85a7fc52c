"""Pages of contacts."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from mailweave.people.member import member_of, members, require
from mailweave.records.common import address_forms
from mailweave.records.common.pages import deletion, form_page, held, listing
from mailweave.records.crm import contacts, deals
from mailweave.records.crm.forms import contact as forms
from mailweave.records.crm.models import Contact, Lead
from mailweave.records.crm.pages.common import company_named
from mailweave.records.crm.pages.merging import leads_to

edits = require_http_methods(["GET", "HEAD", "POST"])


@members
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """All contacts, or those that were searched for."""
    member_of(request)
    return listing(request, "crm/contacts.html", contacts.find, contacts.KIND)


@members
@require_safe
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """One contact, with the mail of that person beside."""
    member_of(request)
    contact = Contact.objects.select_related("company", "owner").filter(pk=pk).first()
    if contact is None:
        return leads_to("contact", pk)
    rows = contacts.addresses(pk)
    context = {
        "contact": contact,
        "addresses": rows,
        "shared": contacts.sharing(pk, [row.address for row in rows]),
        "deals": deals.of_contact(pk),
        "lead": Lead.objects.filter(contact=pk).order_by("pk").first(),
    }
    return render(request, "crm/contact.html", context)


@members
@edits
def new(request: HttpRequest) -> HttpResponse:
    """Add a contact."""
    require(request, "edit records")
    given = {one: request.GET.get(one, "").replace("\0", "")[:200] for one in ("name", "company")}
    address = request.GET.get("address", "").replace("\0", "")[:320]
    return _form(request, Contact(), given, [address] if address else [])


@members
@edits
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a contact; changed addresses link stored mail anew at once."""
    contact = held(Contact, pk, request)
    stored = [row.address for row in contacts.addresses(pk)]
    return _form(request, contact, forms.filled(contact), stored)


@members
@edits
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete a contact, once confirmed."""
    return deletion(
        request,
        held(Contact, pk, request),
        contacts.delete,
        "crm:contacts",
        goes="The contact, its addresses and note, and the links between it and mail.",
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
    for name in ("name", "title", "phone", "note"):
        setattr(contact, name, form.cleaned_data[name])
    contact.owner_id = form.cleaned_data["owner"]
    contact.company = company_named(request, form.cleaned_data["company"], contact.company)
    contacts.store(contact, given)
    messages.success(request, f"{contact.name} was saved.")
    for row in contacts.sharing(contact.pk, given):
        messages.warning(request, f"{row.address} also belongs to {row.contact.name}.")
    return redirect("crm:contact", contact.pk)
