"""Templates: what is written again and again, one's own or everybody's."""

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from mailweave.kit.errors import Expected
from mailweave.outbox import templates
from mailweave.outbox.models import Template
from mailweave.people.access import Member
from mailweave.people.member import member_of, members
from mailweave.web.written import WrittenForm


class TemplateForm(WrittenForm):
    """A template."""

    name = forms.CharField(label="Name", max_length=100)
    subject = forms.CharField(label="Subject", max_length=500, required=False)
    everybody = forms.BooleanField(label="For everybody in the workspace", required=False)


@members
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """A new one."""
    member = member_of(request)
    return _edit(request, member, Template(owner_id=member.user_id, made_by_id=member.user_id))


@members
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change one."""
    member = member_of(request)
    return _edit(request, member, _find(member, pk))


@members
@require_POST
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete one; what was written with it stays."""
    member = member_of(request)
    found = _find(member, pk)
    templates.remove(member, pk)
    messages.success(request, f"The template “{found.name}” is deleted.")
    return redirect("writing")


def _edit(request: HttpRequest, member: Member, template: Template) -> HttpResponse:
    form = TemplateForm(request.POST or None, initial=_filled(template))
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        template.owner_id = None if given["everybody"] else member.user_id
        template.name, template.subject = given["name"], given["subject"]
        template.html = form.written()
        try:
            templates.save(member, template)
        except Expected as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"The template “{template.name}” is saved.")
            return redirect("writing")
    facts = {
        "form": form,
        "template": template,
        "composer": form.shown(),
        "no_images": True,
        "fields": [("{{ " + name + " }}", label) for name, label in templates.known().items()],
    }
    return render(request, "writing/template.html", facts, status=422 if form.errors else 200)


def _filled(template: Template) -> dict[str, object]:
    return {
        "name": template.name,
        "subject": template.subject,
        "everybody": template.pk is not None and template.owner_id is None,
        "html": template.html,
    }


def _find(member: Member, pk: int) -> Template:
    """One that the member may change."""
    try:
        found = templates.find(member, pk)
    except templates.NotFound:
        raise Http404 from None
    if not templates.may_change(member, found):
        raise Http404
    return found
