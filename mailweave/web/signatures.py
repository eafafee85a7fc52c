"""Signatures: one's own, and the workspace's for who has none."""

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from mailweave.kit.errors import Expected
from mailweave.outbox import identities, signing
from mailweave.outbox.models import Signature
from mailweave.people.access import Member
from mailweave.people.member import member_of, members
from mailweave.web.written import WrittenForm


class SignatureForm(WrittenForm):
    """How messages close."""

    name = forms.CharField(label="Name", max_length=100, help_text="Only you see it.")
    mailbox = forms.ChoiceField(label="For messages from", required=False)
    for_new = forms.BooleanField(label="In new messages", required=False)
    for_reply = forms.BooleanField(label="In answers and forwarded messages", required=False)
    everybody = forms.BooleanField(label="For everybody who has none of their own", required=False)

    def __init__(self, member: Member, *args: object, **options: object) -> None:
        super().__init__(*args, **options)  # type: ignore[arg-type]
        boxes = dict.fromkeys((one.mailbox_id, one.mailbox) for one in identities.choices(member))
        self.fields["mailbox"].choices = [  # type: ignore[attr-defined]
            ("", "Every mailbox"),
            *((str(pk), address) for pk, address in boxes),
        ]
        if not member.may("manage policies"):
            del self.fields["everybody"]


@members
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """A new one."""
    member = member_of(request)
    return _edit(request, member, Signature(user_id=member.user_id))


@members
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change one."""
    member = member_of(request)
    return _edit(request, member, _find(member, pk))


@members
@require_POST
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete one; drafts keep what they have."""
    member = member_of(request)
    found = _find(member, pk)
    signing.remove(member, pk)
    messages.success(request, f"The signature “{found.name}” is deleted. Drafts keep it.")
    return redirect("writing")


def _edit(request: HttpRequest, member: Member, signature: Signature) -> HttpResponse:
    form = SignatureForm(member, request.POST or None, initial=_filled(signature))
    if request.method == "POST" and form.is_valid():
        try:
            signing.save(member, _changed(member, signature, form))
        except Expected as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "The signature is saved. New messages close with it.")
            return redirect("writing")
    facts = {"form": form, "signature": signature, "composer": form.shown(), "no_images": True}
    return render(request, "writing/signature.html", facts, status=422 if form.errors else 200)


def _changed(member: Member, signature: Signature, form: SignatureForm) -> Signature:
    given = form.cleaned_data
    signature.user_id = None if given.get("everybody") else member.user_id
    signature.mailbox_id = int(given["mailbox"]) if given["mailbox"] else None
    signature.name, signature.html = given["name"], form.written()
    signature.for_new, signature.for_reply = given["for_new"], given["for_reply"]
    return signature


def _filled(signature: Signature) -> dict[str, object]:
    return {
        "name": signature.name,
        "mailbox": str(signature.mailbox_id or ""),
        "for_new": signature.for_new,
        "for_reply": signature.for_reply,
        "everybody": signature.pk is not None and signature.user_id is None,
        "html": signature.html,
    }


def _find(member: Member, pk: int) -> Signature:
    try:
        return signing.find(member, pk)
    except signing.NotFound:
        raise Http404 from None
