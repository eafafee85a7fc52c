"""Pages of deals."""

from functools import partial

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_http_methods, require_safe

from mailweave.people.member import member_of, members
from mailweave.records.common import rights
from mailweave.records.common.pages import deletion, form_page, held, listing, onward
from mailweave.records.crm import changes, deals
from mailweave.records.crm.forms import deal as forms
from mailweave.records.crm.forms import people
from mailweave.records.crm.models import Deal
from mailweave.records.crm.pages.common import company_named

edits = require_http_methods(["GET", "HEAD", "POST"])


@members
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """All deals, or those that were searched for."""
    member = rights.entering(request, "crm")
    return listing(request, "crm/deals.html", partial(deals.find, member), deals.KIND)


@members
@require_safe
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """One deal, with the mail of its contacts beside."""
    member = rights.entering(request, "crm")
    deal = get_object_or_404(deals.find(member).select_related("owner"), pk=pk)
    context = {"deal": deal, "contacts": deals.contacts(member, pk), **rights.allowed(member, deal)}
    return render(request, "crm/deal.html", context)


@members
@edits
def new(request: HttpRequest) -> HttpResponse:
    """Add a deal; a contact or a company may be named in the address."""
    rights.insist_any(rights.entering(request, "crm"), "edit", Deal)
    contact = people.number(request.GET.get("contact", ""))
    company = request.GET.get("company", "").replace("\0", "")[:200]
    return _form(request, Deal(), {"company": company}, [contact] if contact else [])


@members
@edits
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a deal."""
    deal = held(Deal, pk, request)
    member = member_of(request)
    chosen = [row.contact_id for row in deals.contacts(member, pk)]
    return _form(request, deal, forms.filled(deal, member), chosen)


@members
@edits
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete a deal, once confirmed."""
    return deletion(
        request,
        held(Deal, pk, request, "delete"),
        deals.delete,
        "crm:deals",
        goes="The deal and its note, mail links made to it by hand, and what was "
        "written down on its timeline.",
        stays="Its contacts and company; all mail.",
    )


def _form(
    request: HttpRequest, deal: Deal, initial: dict[str, object], chosen: list[int]
) -> HttpResponse:
    member = member_of(request)
    if request.method != "POST":
        picked, form = people.show(member, chosen), forms.DealForm(initial=initial)
    elif _looks(request):
        picked, form = (
            people.read(member, request.POST),
            forms.DealForm(initial=request.POST.dict()),
        )
    else:
        picked, form = people.read(member, request.POST), forms.DealForm(request.POST)
        if form.is_valid() and not picked.missing:
            return _save(request, deal, form, picked.chosen)
    context = {"form": form, "people": picked, "deal": deal, "judged": form.is_bound}
    return form_page(request, "crm/deal_form.html", context)


def _looks(request: HttpRequest) -> bool:
    """Whether contacts are being looked for: by the button, or by Enter after typing a name."""
    typed = request.POST.get("find", "").strip()
    return "look" in request.POST or bool(typed and typed != request.POST.get("looked"))


def _save(
    request: HttpRequest, deal: Deal, form: forms.DealForm, chosen: list[int]
) -> HttpResponse:
    before = changes.told(deals.KIND, deal)
    for name in ("name", "stage", "amount", "currency", "note"):
        setattr(deal, name, form.cleaned_data[name])
    deal.owner_id = form.cleaned_data["owner"]
    deal.opened_on = form.cleaned_data["opened_on"] or deal.opened_on
    deal.company = company_named(request, form.cleaned_data["company"], deal.company)
    member = member_of(request)
    deals.store(deal, deals.with_unseen(member, deal, chosen))
    changes.note(member, deals.KIND, deal, before)
    messages.success(request, f"{deal.name} was saved.")
    return onward(member, deal, "crm:deal", "crm:deals")
