"""Pages of companies."""

from functools import partial

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_safe

from mailweave.kit.errors import Expected
from mailweave.people.member import member_of, members
from mailweave.records.common import address_forms, rights
from mailweave.records.common.addresses import Pair
from mailweave.records.common.pages import deletion, form_page, held, listing, onward
from mailweave.records.crm import changes, companies, contacts, deals
from mailweave.records.crm.forms import company as forms
from mailweave.records.crm.models import Company, CompanyAddress
from mailweave.records.crm.pages.common import company_named
from mailweave.records.crm.pages.merging import leads_to

SHOWN = 50

edits = require_http_methods(["GET", "HEAD", "POST"])


@members
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """All companies, or those that were searched for."""
    member = rights.entering(request, "crm")
    find = partial(companies.find, member)
    return listing(request, "crm/companies.html", find, companies.KIND)


@members
@require_safe
def names(request: HttpRequest) -> HttpResponse:
    """Options for a company field while somebody types."""
    member = rights.entering(request, "crm")
    found = companies.find(member, request.GET.get("company", "")[:200])
    context = {"names": found.order_by("sort_name", "pk").values_list("name", flat=True)[:20]}
    return render(request, "crm/parts/names.html", context)


@members
@require_safe
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """One company with its addresses, its parts, its contacts and deals."""
    member = rights.entering(request, "crm")
    people = contacts.find(member).filter(company=pk).order_by("sort_name", "pk")
    sales = deals.find(member).filter(company=pk).order_by("sort_name", "pk")
    company = companies.find(member).filter(pk=pk).first()
    if company is None:
        return leads_to("company", pk, member)
    rows = companies.addresses(pk)
    context = {
        "company": company,
        "addresses": rows,
        "shared": companies.sharing(member, pk, [row.address for row in rows]),
        "above": companies.shown_above(member, company),
        "below": companies.below(member, pk),
        "contacts": people[:SHOWN],
        "deals": sales[:SHOWN],
        "shown": SHOWN,
        **rights.allowed(member, company),
    }
    return render(request, "crm/company.html", context)


@members
@require_safe
def emails(request: HttpRequest, pk: int) -> HttpResponse:
    """A company's mail: one list, whoever of us it was with."""
    member = rights.entering(request, "crm")
    company = companies.find(member).filter(pk=pk).first()
    if company is None:
        return leads_to("company", pk, member)
    return render(request, "crm/company_emails.html", {"company": company})


@members
@edits
def new(request: HttpRequest) -> HttpResponse:
    """Add a company."""
    rights.insist_any(rights.entering(request, "crm"), "edit", Company)
    return _form(request, Company())


@members
@edits
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a company."""
    return _form(request, held(Company, pk, request))


@members
@edits
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete a company, once confirmed."""
    return deletion(
        request,
        held(Company, pk, request, "delete"),
        companies.delete,
        "crm:companies",
        goes="The company, its addresses and note, the links between it and mail, and "
        "what was written down on its timeline.",
        stays="Its contacts, deals and sub-companies, without a company above them; all mail.",
    )


def _form(request: HttpRequest, company: Company) -> HttpResponse:
    if request.method != "POST":
        stored = companies.addresses(company.pk) if company.pk else []
        rows = address_forms.show_kinds([(row.address, row.kind) for row in stored])
        form = forms.CompanyForm(initial=forms.filled(company, member_of(request)))
    elif "add" in request.POST:
        rows = address_forms.more_kinds(request.POST)
        form = forms.CompanyForm(initial=request.POST.dict())
    else:
        rows, form = address_forms.read_kinds(request.POST), forms.CompanyForm(request.POST)
        if form.is_valid() and not any(row.error for row in rows):
            saved = _save(request, company, form, address_forms.good_kinds(rows))
            if saved:
                return saved
    kinds = CompanyAddress.Kind.choices
    context = {"form": form, "rows": rows, "kinds": kinds, "company": company}
    context["judged"] = form.is_bound
    return form_page(request, "crm/company_form.html", context)


def _save(
    request: HttpRequest, company: Company, form: forms.CompanyForm, given: list[Pair]
) -> HttpResponse | None:
    """The way on, or nothing: the form says what was wrong."""
    before = changes.told(companies.KIND, company)
    for name in ("name", "domain", "note"):
        setattr(company, name, form.cleaned_data[name])
    company.owner_id = form.cleaned_data["owner"]
    try:
        with transaction.atomic():
            parent = form.cleaned_data["company"]
            company.parent = company_named(request, parent, company.parent)
            companies.store(company, given)
            changes.note(member_of(request), companies.KIND, company, before)
    except Expected as error:
        form.add_error("company", str(error))
        return None
    messages.success(request, f"{company.name} was saved.")
    member = member_of(request)
    for row in companies.sharing(member, company.pk, [address for address, _ in given]):
        messages.warning(request, f"{row.address} also belongs to {row.company.name}.")
    return onward(member, company, "crm:company", "crm:companies")
