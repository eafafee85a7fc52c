"""Records made by a rule, for outside people whose mail arrives and whom nobody knows yet.

The rule reads what is handed to it, as plug-ins do (see :mod:`mailweave.linking.handing`): only
mail that is received from the moment the policy chose it, and never mail of private mailboxes,
automatic mail, or addresses behind which nobody reads.
"""

import re
from collections.abc import Iterator

from mailweave.kit import clock
from mailweave.linking import handing, registry
from mailweave.linking.models import Handed, RecordAddress
from mailweave.mail import colleagues
from mailweave.mail import policy as mail_policy
from mailweave.mail.models import Mailbox, Message, Participant, Policy

READER = "making"
MOST = 10
"""People of one sent message: more is no conversation."""
NOBODY = re.compile(
    r"(?:^|[._+-])(?:no[._-]?reply|do[._-]?not[._-]?reply|mailer[._-]?daemon|postmaster|bounces?|"
    r"notifications?|newsletters?|unsubscribe|alerts?)(?:[._+-]|@)"
)
"""Addresses that nobody answers from."""
Rule = Policy.AutoContacts
Role = Participant.Role


def follow() -> None:
    """Begin with every mailbox, or stop, as the policy stands."""
    for mailbox_id in Mailbox.objects.order_by("pk").values_list("pk", flat=True):
        follow_one(mailbox_id)


def follow_one(mailbox_id: int) -> None:
    """The same for a mailbox that was connected."""
    if mail_policy.current().auto_create_contacts == Rule.NONE:
        handing.unwatch(READER, mailbox_id)
    else:
        handing.watch(READER, mailbox_id, clock.now())


def read(row: Handed) -> None:
    """Make records of the people one message is with, as far as the policy wants them."""
    rule = mail_policy.current().auto_create_contacts
    message = Message.objects.get(pk=row.message_id)
    box = Mailbox.objects.get(pk=row.mailbox_id)
    if rule == Rule.NONE or message.automatic or box.sharing == Mailbox.Sharing.PRIVATE:
        return
    for person in _strangers(message):
        if rule == Rule.ALL or _is_two_way(person.address_id):
            address = person.address.address
            verb = "by" if message.direction == Message.Direction.INBOUND else "to"
            registry.make(person.name or address, address, f"Made by a rule from mail {verb} them")


def _strangers(message: Message) -> Iterator[Participant]:
    """Outside people a message came from, or went to, who are of no record."""
    inbound = message.direction == Message.Direction.INBOUND
    roles = [Role.FROM] if inbound else [Role.TO, Role.CC]
    rows = Participant.objects.filter(message=message, role__in=roles).select_related("address")
    people = list(rows.order_by("role", "position")[: MOST + 1])
    if len(people) > MOST:
        return
    known = RecordAddress.objects.filter(address__in=[one.address_id for one in people])
    seen, own = set(known.values_list("address_id", flat=True)), colleagues.own()
    for one in people:
        address = one.address.address
        is_ours = address in own.addresses or address.rpartition("@")[2] in own.domains
        if one.address_id not in seen and not is_ours and not NOBODY.search(address):
            seen.add(one.address_id)
            yield one


def _is_two_way(address_id: int) -> bool:
    """Whether somebody has written to us by hand, and we to them."""
    rows = Participant.objects.filter(address_id=address_id, message__automatic=False)
    wrote = rows.filter(role=Role.FROM, message__direction=Message.Direction.INBOUND)
    was_written_to = rows.filter(
        role__in=[Role.TO, Role.CC], message__direction=Message.Direction.OUTBOUND
    )
    return wrote.exists() and was_written_to.exists()
