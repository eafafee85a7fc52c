"""What templates may say of tickets."""

from mailweave.linking import fields
from mailweave.linking.fields import Fields, Values, first_name
from mailweave.people.access import Member
from mailweave.records.support import tickets

LABELS = {
    "reference": "Number",
    "title": "Title",
    "status": "Status",
    "customer_first_name": "Customer's first name",
    "customer_name": "Customer's name",
    "customer": "Customer's e-mail address",
    "assignee": "Assignee",
}


def _ticket(pk: int, member: Member) -> Values:
    row = tickets.find(member).get(pk=pk)
    return {
        "reference": row.reference,
        "title": row.title,
        "status": row.get_status_display(),
        "customer_first_name": first_name(row.customer_name),
        "customer_name": row.customer_name,
        "customer": row.customer,
        "assignee": row.owner.name if row.owner else "",
    }


fields.register(Fields(tickets.KIND, "ticket", LABELS, _ticket))
