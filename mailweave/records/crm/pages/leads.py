"""Pages of leads."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from mailweave.people.member import member_of, members, require
from mailweave.records.common import address_forms
from mailweave.records.common.pages import deletion, form_page, held, listing
from mailweave.records.crm import converting, leads
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
    member_of(request)
    return listing(request, "crm/leads.html", leads.find, leads.KIND)


@members
@require_safe
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """One lead, with the mail of that person beside."""
    member_of(request)
    found = Lead.objects.select_related("owner", "contact__company", "converted_by")
    lead = found.filter(pk=pk).first()
    if lead is None:
        return leads_to("lead", pk)
    rows = leads.addresses(pk)
    context = {
        "lead": lead,
        "addresses": rows,
        "shared": leads.sharing(pk, [row.address for row in rows]),
    }
    return render(request, "crm/lead.html", context)


@members
@edits
def new(request: HttpRequest) -> HttpResponse:
    """Add a lead."""
    require(request, "edit records")
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
    alike = converting.alike(lead)
    first = {"name": lead.name, "company": lead.company_name, "into": ""}
    form = ConversionForm(alike, request.POST or None, initial=first)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        asked = Wish(given["name"], given["company"], given["deal"], form.chosen())
        contact = converting.convert(lead, asked, member_of(request).user_id)
        messages.success(request, f"{lead.name} is a contact now, with all of the mail.")
        return redirect("crm:contact", contact.pk)
    context = {"form": form, "lead": lead, "addresses": leads.addresses(pk)}
    return form_page(request, "crm/lead_convert.html", context)


@members
@edits
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete a lead, once confirmed."""
    return deletion(
        request,
        held(Lead, pk, request),
        leads.delete,
        "crm:leads",
        goes="The lead, its addresses and note, and the links between it and mail.",
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
    for name in forms.FIELDS:
        setattr(lead, name, form.cleaned_data[name])
    lead.owner_id = form.cleaned_data["owner"]
    leads.store(lead, given)
    messages.success(request, f"{lead.name} was saved.")
    for row in leads.sharing(lead.pk, given):
        messages.warning(request, f"{row.address} also belongs to {row.lead.name}.")
    return redirect("crm:lead", lead.pk)
