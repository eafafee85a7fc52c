"""Templates: personal ones and everybody's; filled in with what is known of a draft's records."""

from collections.abc import Sequence
from dataclasses import dataclass

from mailweave.kit import clock
from mailweave.kit.errors import Expected
from mailweave.linking import fields
from mailweave.mime import writing
from mailweave.mime.outgoing import Unwritable
from mailweave.outbox import merging
from mailweave.outbox.merging import Merged, Value
from mailweave.outbox.models import Template
from mailweave.people.access import Member
from mailweave.people.models import Workspace

LONGEST = 256 * 1024
OURS = {
    "me.first_name": "You: First name",
    "me.name": "You: Name",
    "me.email": "You: E-mail address written from",
    "workspace.name": "Workspace: Name",
}


class NotFound(Exception):
    """There is no such template, or it is not this member's; the two look the same."""


@dataclass(frozen=True, slots=True)
class Filled:
    """A template filled in. What has no value is marked in it, named, and keeps it from going."""

    subject: Merged
    html: Merged

    @property
    def unresolved(self) -> tuple[str, ...]:
        """The fields without a value, each once."""
        return tuple(dict.fromkeys((*self.subject.unresolved, *self.html.unresolved)))


def known() -> dict[str, str]:
    """Every field a template may name, with what people call it."""
    return fields.known() | OURS


def listed(member: Member) -> list[Template]:
    """This member's templates and everybody's, by name."""
    rows = Template.objects.filter(owner_id=member.user_id) | Template.objects.filter(owner=None)
    return list(rows.select_related("made_by").order_by("name", "pk"))


def find(member: Member, pk: int) -> Template:
    """A template this member may use. Raises :class:`NotFound`."""
    for one in listed(member):
        if one.pk == pk:
            return one
    raise NotFound


def may_change(member: Member, template: Template) -> bool:
    """Their own; of everybody's those they made, and all if they manage policies."""
    if template.owner_id is not None:
        return bool(template.owner_id == member.user_id)
    return template.made_by_id == member.user_id or member.may("manage policies")


def save(member: Member, template: Template) -> Template:
    """Keep a template, cleaned. Raises NotFound if it is not theirs to keep; Expected, which
    merging.Unmergeable is, with what is wrong in words."""
    if template.pk is None:
        template.made_by_id = member.user_id
    if not may_change(member, template):
        raise NotFound
    if not template.name.strip():
        raise Expected("Please give the template a name.")
    if len(template.html) > LONGEST:
        raise Expected("This template is too long.")
    merging.check(template.subject, known(), html=False)
    merging.check(template.html, known(), html=True)
    try:
        template.html = writing.clean(template.html).html
    except Unwritable as error:
        raise Expected(str(error)) from error
    template.changed_at = clock.now()
    template.save()
    return template


def remove(member: Member, pk: int) -> None:
    """Delete a template; what was written with it stays. Raises :class:`NotFound`."""
    found = find(member, pk)
    if not may_change(member, found):
        raise NotFound
    found.delete()


def fill(
    member: Member, template: Template, records: Sequence[tuple[str, int]], address: str = ""
) -> Filled:
    """A template filled in for a letter about these records, written from ``address``. Raises
    merging.Unmergeable for one that goes over its limits with these values."""
    given = values(member, records, address)
    return Filled(merging.subject(template.subject, given), merging.html(template.html, given))


def values(
    member: Member, records: Sequence[tuple[str, int]], address: str = ""
) -> dict[str, Value]:
    """What fields have to say."""
    workspace = Workspace.objects.get(pk=member.workspace_id)
    me = {"first_name": fields.first_name(member.name), "name": member.name, "email": address}
    return {**fields.values(records, member), "me": me, "workspace": {"name": workspace.name}}
