"""Pages of leads."""

from functools import partial

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from mailweave.people.member import member_of, members
from mailweave.records.common import address_forms, rights
from mailweave.records.common.pages import deletion, form_page, held, listing, onward
from mailweave.records.crm import changes, converting, leads
from mailweave.records.crm.converting import Wish
from mailweave.records.crm.forms import lead as forms
from mailweave.records.crm.forms.conversion import ConversionForm
from mailweave.records.crm.models import Lead
from mailweave.records.crm.pages.merging import leads_to

edits = require_http_methods(["GET", "HEAD", "POST"])


@members
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """All leads, or those that were searched for."""
    member = rights.entering(request, "crm")
    return listing(request, "crm/leads.html", partial(leads.find, member), leads.KIND)


@members
@require_safe
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """One lead, with the mail of that person beside."""
    member = rights.entering(request, "crm")
    found = rights.with_related(member, leads.find(member).filter(pk=pk), "contact")
    lead = found.select_related("converted_by", "owner").first()
    if lead is None:
        return leads_to("lead", pk, member)
    rows = leads.addresses(pk)
    context = {
        "lead": lead,
        "addresses": rows,
        "shared": leads.sharing(member, pk, [row.address for row in rows]),
        **rights.allowed(member, lead),
    }
    return render(request, "crm/lead.html", context)


@members
@edits
def new(request: HttpRequest) -> HttpResponse:
    """Add a lead."""
    rights.insist_any(rights.entering(request, "crm"), "edit", Lead)
    return _form(request, Lead(), [])


@members
@edits
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a lead; changed addresses link stored mail anew at once."""
    lead = held(Lead, pk, request)
    if lead.converted_at:
        messages.info(request, f"{lead.name} has been converted: edit the contact instead.")
        return redirect("crm:lead", pk)
    return _form(request, lead, [row.address for row in leads.addresses(pk)])


@members
@edits
def convert(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a lead a contact, and a deal if wished: all at once, or not at all."""
    lead = held(Lead, pk, request)
    if lead.converted_at:
        messages.info(request, f"{lead.name} has been converted already.")
        return redirect("crm:lead", pk)
    member = member_of(request)
    alike = converting.alike(lead, member)
    first = {"name": lead.name, "company": lead.company_name, "into": ""}
    form = ConversionForm(alike, request.POST or None, initial=first)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        asked = Wish(given["name"], given["company"], given["deal"], form.chosen())
        contact = converting.convert(lead, asked, member)
        messages.success(request, f"{lead.name} is a contact now, with all of the mail.")
        return onward(member, contact, "crm:contact", "crm:leads")
    context = {"form": form, "lead": lead, "addresses": leads.addresses(pk)}
    return form_page(request, "crm/lead_convert.html", context)


@members
@edits
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete a lead, once confirmed."""
    return deletion(
        request,
        held(Lead, pk, request, "delete"),
        leads.delete,
        "crm:leads",
        goes="The lead, its addresses and note, the links between it and mail, and "
        "what was written down on its timeline.",
        stays="All mail, here and at your provider; a contact the lead was converted to.",
    )


def _form(request: HttpRequest, lead: Lead, stored: list[str]) -> HttpResponse:
    if request.method != "POST":
        rows, form = address_forms.show(stored), forms.LeadForm(initial=forms.filled(lead))
    elif "add" in request.POST:
        rows, form = address_forms.more(request.POST), forms.LeadForm(initial=request.POST.dict())
    else:
        rows, form = address_forms.read(request.POST), forms.LeadForm(request.POST)
        if form.is_valid() and not any(row.error for row in rows):
            return _save(request, lead, form, address_forms.good(rows))
    context = {"form": form, "rows": rows, "lead": lead, "judged": form.is_bound}
    return form_page(request, "crm/lead_form.html", context)


def _save(request: HttpRequest, lead: Lead, form: forms.LeadForm, given: list[str]) -> HttpResponse:
    before = changes.told(leads.KIND, lead)
    for name in forms.FIELDS:
        setattr(lead, name, form.cleaned_data[name])
    lead.owner_id = form.cleaned_data["owner"]
    leads.store(lead, given)
    member = member_of(request)
    changes.note(member, leads.KIND, lead, before)
    messages.success(request, f"{lead.name} was saved.")
    for row in leads.sharing(member, lead.pk, given):
        messages.warning(request, f"{row.address} also belongs to {row.lead.name}.")
    return onward(member, lead, "crm:lead", "crm:leads")
