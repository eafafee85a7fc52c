"""When something does not work: pages and toasts that say what happened and whose move it is."""

from collections.abc import Callable

from django.contrib.messages import get_messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render, resolve_url
from django.template.loader import render_to_string
from django.utils.http import urlencode

from mailweave.kit.errors import Expected
from mailweave.people.member import Refused

OTHERS = "This is not yours to do. Ask an owner or admin of your workspace."
Answer = Callable[[HttpRequest], HttpResponseBase]


class FrameMiddleware:
    """Shows Expected errors, keeps members' pages out of caches, and serves htmx its toasts."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if getattr(request, "member", None):
            response.headers.setdefault("Cache-Control", "private, no-store")
        if not is_partial(request) or response.streaming or not isinstance(response, HttpResponse):
            return response
        if response.status_code == 302:
            return _go(request, response.headers["Location"])
        if response.status_code in {200, 422}:
            _add_toasts(request, response)
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """An Expected error is told to the person; its transaction has been rolled back."""
        return explain(request, str(error)) if isinstance(error, Expected) else None


def is_partial(request: HttpRequest) -> bool:
    """Whether htmx asks, and wants a part of a page."""
    return request.headers.get("HX-Request") == "true"


def explain(request: HttpRequest, message: str) -> HttpResponse:
    """A 422 that says ``message``: a page, or a toast for htmx."""
    return _trouble(request, 422, "errors/422.html", message)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404, the same whether a thing is missing or belongs to somebody else."""
    del exception
    return _trouble(request, 404, "errors/404.html", "That is not here any more. Reload the page.")


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403: signed in, and still not allowed."""
    said = str(exception) if isinstance(exception, Refused) else OTHERS
    return _trouble(request, 403, "errors/403.html", said)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400: the browser sent something no page of ours sends."""
    del exception
    return _trouble(request, 400, "errors/400.html", "The server could not read that request.")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form whose token is missing or old."""
    del reason
    return _trouble(
        request, 403, "errors/csrf.html", "This page was too old to send. Reload it and try again."
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """500. Asks nothing of the database, which may be what is broken."""
    return HttpResponse(render_to_string("errors/500.html", request=request), status=500)


def _trouble(request: HttpRequest, status: int, template: str, message: str) -> HttpResponse:
    context = {"message": message}
    if is_partial(request):
        return render(request, "parts/trouble_toast.html", context, status=status)
    return render(request, template, context, status=status)


def _go(request: HttpRequest, location: str) -> HttpResponse:
    """A redirect that moves the whole page: to sign in, back to where the person was."""
    login = resolve_url("account_login")
    if location.partition("?")[0] == login:
        back = request.headers.get("HX-Current-URL", "/")
        path = back.partition("://")[2].partition("/")[2]
        location = f"{login}?{urlencode({'next': '/' + path})}"
    return HttpResponse(headers={"HX-Redirect": location})


def _add_toasts(request: HttpRequest, response: HttpResponse) -> None:
    is_html = response.headers.get("Content-Type", "").startswith("text/html")
    if is_html and "HX-Redirect" not in response.headers and len(get_messages(request)):
        response.write(render_to_string("parts/toasts_partial.html", request=request))
