"""Pages of companies."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from mailweave.people.member import member_of, members, require
from mailweave.records.crm import companies, contacts, deals
from mailweave.records.crm.forms import company as forms
from mailweave.records.crm.models import Company
from mailweave.records.crm.pages.common import deletion, form_page, held, listing

SHOWN = 50

edits = require_http_methods(["GET", "HEAD", "POST"])


@members
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """All companies, or those that were searched for."""
    member_of(request)
    return listing(request, "crm/companies.html", companies.find)


@members
@require_safe
def names(request: HttpRequest) -> HttpResponse:
    """Options for a company field while somebody types."""
    member_of(request)
    found = companies.find(request.GET.get("company", "")[:200])
    context = {"names": found.order_by("sort_name", "pk").values_list("name", flat=True)[:20]}
    return render(request, "crm/parts/names.html", context)


@members
@require_safe
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """One company with its contacts and deals."""
    member_of(request)
    people = contacts.find().filter(company=pk).order_by("sort_name", "pk")
    sales = deals.find().filter(company=pk).order_by("sort_name", "pk")
    context = {
        "company": get_object_or_404(companies.find(), pk=pk),
        "contacts": people[:SHOWN],
        "deals": sales[:SHOWN],
        "shown": SHOWN,
    }
    return render(request, "crm/company.html", context)


@members
@edits
def new(request: HttpRequest) -> HttpResponse:
    """Add a company."""
    require(request, "edit records")
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
        held(Company, pk, request),
        companies.delete,
        "crm:companies",
        goes="The company and its note, and mail links made to it by hand.",
        stays="Its contacts and deals, without a company; all mail.",
    )


def _form(request: HttpRequest, company: Company) -> HttpResponse:
    form = forms.CompanyForm(request.POST or None, initial=forms.filled(company))
    if request.method == "POST" and form.is_valid():
        for name in ("name", "domain", "note"):
            setattr(company, name, form.cleaned_data[name])
        company.save()
        messages.success(request, f"{company.name} was saved.")
        return redirect("crm:company", company.pk)
    return form_page(request, "crm/company_form.html", {"form": form, "company": company})
