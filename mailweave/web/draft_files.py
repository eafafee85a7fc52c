"""The files of a letter being written: taken piece by piece, shown in its text, taken out."""

from uuid import uuid4

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_http_methods, require_POST

from mailweave.kit.downloads import file_name, guard
from mailweave.outbox import drafts, files
from mailweave.outbox.models import Draft, DraftFile
from mailweave.people.member import member_of, members
from mailweave.web import composer, letters
from mailweave.web.attachments import sniff

HEAD = 4096


@members
@require_POST
def begin(request: HttpRequest, pk: int) -> HttpResponse:
    """A file whose bytes are to follow at the address in ``Location``."""
    draft = _writable(request, pk)
    said = request.POST
    size = said.get("size", "")
    if not (size.isascii() and size.isdecimal() and len(size) < 16):
        raise Http404
    cid = f"{uuid4().hex}@mailweave" if said.get("inline") else ""
    name, kind = said.get("name", ""), said.get("type", "")
    made = files.begin(draft, name, kind, int(size), content_id=cid)
    response = render(request, "compose/_file.html", {"file": made})
    response["Location"] = letters.path_of(made)
    return response


@members
@require_http_methods(["GET", "POST"])
def file(request: HttpRequest, pk: int, file_id: int) -> HttpResponseBase:
    """The bytes of a file: an image is shown, everything else is to be saved. Posted, they are
    taken from ``start`` on."""
    if request.method == "GET":
        return _given(_file(composer.find(member_of(request), pk), file_id))
    found = _file(_writable(request, pk), file_id)
    start = request.GET.get("start", "")
    if not (start.isascii() and start.isdecimal() and len(start) < 16):
        raise Http404
    files.put(found, int(start), request.body)
    return render(request, "compose/_file.html", {"file": found})


@members
@require_POST
def remove(request: HttpRequest, pk: int, file_id: int) -> HttpResponse:
    """Take a file out of its letter."""
    draft = _writable(request, pk)
    files.drop(draft.pk, file_id)
    return HttpResponse(status=204)


def _writable(request: HttpRequest, pk: int) -> Draft:
    try:
        return drafts.find_open(member_of(request), pk)
    except drafts.NotFound:
        raise Http404 from None


def _file(draft: Draft, file_id: int) -> DraftFile:
    found = next((one for one in files.listed(draft.pk) if one.pk == file_id), None)
    if found is None:
        raise Http404
    return found


def _given(found: DraftFile) -> HttpResponseBase:
    data = b"".join(files.read(found.pk))
    kind = sniff(data[:HEAD])
    response = HttpResponse(data, content_type=kind or "application/octet-stream")
    name = file_name(found.name, found.content_type)
    response["Content-Disposition"] = content_disposition_header(kind is None, name) or "attachment"
    response["Cache-Control"] = "private, max-age=3600"
    return guard(response)
