"""Which records a member sees, and what they may do with them: asked by every list, search, card
and page of a record module.

A model says by ``OWNER`` which foreign key leads to the user who looks after a row; without that it
is "owner". Its module is its app's label. Where ``member`` may be None, nobody asks: that is the
operator's own command, which sees everything.
"""

from typing import Any

from django.db.models import Prefetch, Q, QuerySet
from django.http import Http404, HttpRequest

from mailweave.people import access
from mailweave.people.access import Deed, Member, Reach
from mailweave.people.member import Refused, member_of
from mailweave.people.models import Scope

SAID: dict[Deed, str] = {"see": "see", "edit": "change", "delete": "delete", "export": "export"}


def entering(request: HttpRequest, module: str) -> Member:
    """The member who asks, if they work with the module's records at all; else 404."""
    member = member_of(request)
    if not member.has(module) or member.scope("see") == Scope.NONE:
        raise Http404
    return member


def reach(member: Member | None, deed: Deed, model: Any) -> Reach:
    """Which rows of a model a member reaches."""
    if member is None:
        return Reach(Scope.ALL)
    return access.reach(member, deed, model._meta.app_label)  # noqa: SLF001 - Django's own name


def seen(member: Member | None, rows: QuerySet[Any], deed: Deed = "see") -> QuerySet[Any]:
    """Those of the rows that the member sees, or may do something else with."""
    return rows.filter(reach(member, deed, rows.model).owners(_owner(rows.model)))


def seen_at(member: Member | None, model: Any, path: str) -> Q:
    """That the row of ``model`` which a path of foreign keys leads to is one the member sees."""
    return reach(member, "see", model).owners(f"{path}__{_owner(model)}")


def with_related(member: Member | None, rows: QuerySet[Any], *names: str) -> QuerySet[Any]:
    """The rows with the records that these foreign keys lead to; what the member does not see is
    None, as if there were none."""
    for name in names:
        model = rows.model._meta.get_field(name).related_model  # noqa: SLF001 - Django's own name
        if reach(member, "see", model).scope == Scope.ALL:
            rows = rows.select_related(name)
        else:
            rows = rows.prefetch_related(Prefetch(name, seen(member, model.objects.all())))
    return rows


def sees(member: Member | None, row: Any) -> bool:
    """Whether the member sees one record."""
    return member is None or may(member, "see", row)


def name_of(member: Member | None, row: Any) -> str:
    """The name of a record that another one leads to; empty if there is none the member sees."""
    return str(row) if row is not None and sees(member, row) else ""


def may(member: Member, deed: Deed, row: Any) -> bool:
    """Whether the member may do this with one record."""
    return reach(member, deed, type(row)).holds(getattr(row, f"{_owner(type(row))}_id"))


def may_add(member: Member, model: Any) -> bool:
    """Whether the member may make records of this kind."""
    return reach(member, "edit", model).scope != Scope.NONE


def allowed(member: Member, row: Any) -> dict[str, bool]:
    """What a record's page shows buttons for."""
    may_edit, may_delete = may(member, "edit", row), may(member, "delete", row)
    return {"may_edit": may_edit, "may_delete": may_delete, "may_add": may_add(member, type(row))}


def insist(member: Member, deed: Deed, row: Any) -> None:
    """Refuse what is not this member's to do with a record they see."""
    if may(member, deed, row):
        return
    found = reach(member, deed, type(row)).scope
    if found == Scope.NONE:
        raise Refused(_role_says(deed))
    keeper = getattr(row, _owner(type(row)))
    whose = "your own records" if found == Scope.OWN else "your own records and your team's"
    raise Refused(
        f"{row} is looked after by {keeper}. Your role may {SAID[deed]} {whose}: ask {keeper}, "
        "or an owner or admin of your workspace."
    )


def insist_any(member: Member, deed: Deed, model: Any) -> None:
    """Refuse what this member's role may do with no record at all, such as adding one."""
    if reach(member, deed, model).scope == Scope.NONE:
        raise Refused(_role_says(deed))


def _role_says(deed: Deed) -> str:
    return (
        f"Your role may look at these records, and not {SAID[deed]} any. "
        "Ask an owner or admin of your workspace."
    )


def _owner(model: Any) -> str:
    return str(getattr(model, "OWNER", "owner"))
