"""What every page knows."""

from typing import Any

from django.http import HttpRequest


def page(request: HttpRequest) -> dict[str, Any]:
    """The member and the workspace's name, for the frame around every page."""
    return {"member": getattr(request, "member", None)}
