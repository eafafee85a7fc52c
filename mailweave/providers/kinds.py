"""The kinds of mailbox there are, by name; a kind's own module is loaded when first needed."""

from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from typing import Protocol

import httpx2

from mailweave.providers.base import Budget, Endpoints, Kind, Provider

_TABLE: Mapping[str, str] = {
    "gmail": "mailweave.providers.gmail.kind",
    "outlook": "mailweave.providers.graph.kind",
}


class _Module(Protocol):
    KIND: Kind

    def connect(
        self,
        *,
        endpoints: Endpoints,
        access_token: Callable[[], str],
        refresh: Callable[[str], str],
        budget: Budget,
        web: httpx2.Client,
        account_id: str,
        shared_address: str,
    ) -> Provider: ...


def names() -> tuple[str, ...]:
    """Every kind there is."""
    return tuple(_TABLE)


def describe(kind: str) -> Kind:
    """What a kind asks for and is called. Raises KeyError for one we do not have."""
    return _module(kind).KIND


def connect(
    kind: str,
    *,
    endpoints: Endpoints,
    access_token: Callable[[], str],
    refresh: Callable[[str], str],
    budget: Budget,
    web: httpx2.Client,
    account_id: str = "",
    shared_address: str = "",
) -> Provider:
    """A mailbox of this kind; asks nothing of the provider yet.

    ``access_token`` gives a token to use now. ``refresh`` is called with a token the provider did
    not accept and gives a better one, or raises AuthExpired; it is called at most once per request
    and must let only one refresh happen per grant. ``budget`` is charged before each request.
    ``account_id`` is the subject of the id_token; without it ``profile`` asks the provider.
    ``shared_address``: not the mailbox of whom the token speaks for, but one they may open.
    """
    return _module(kind).connect(
        endpoints=endpoints,
        access_token=access_token,
        refresh=refresh,
        budget=budget,
        web=web,
        account_id=account_id,
        shared_address=shared_address,
    )


@cache
def _module(kind: str) -> _Module:
    return import_module(_TABLE[kind])
