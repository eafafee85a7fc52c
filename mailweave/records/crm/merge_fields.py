"""What templates may say of contacts, companies, deals and leads."""

from mailweave.linking import fields
from mailweave.linking.fields import Fields, Values, first_name
from mailweave.people.access import Member
from mailweave.records.crm import companies, contacts, deals, leads

PERSON = {
    "first_name": "First name",
    "name": "Name",
    "title": "Title",
    "company": "Company",
    "email": "E-mail address",
    "phone": "Phone",
}


def _contact(pk: int, member: Member) -> Values:
    row = contacts.find(member).get(pk=pk)
    company = row.company.name if row.company else ""
    return _person(row, company)


def _lead(pk: int, member: Member) -> Values:
    row = leads.find(member).get(pk=pk)
    return _person(row, row.company_name)


def _company(pk: int, member: Member) -> Values:
    row = companies.find(member).get(pk=pk)
    return {"name": row.name, "domain": row.domain}


def _deal(pk: int, member: Member) -> Values:
    row = deals.find(member).get(pk=pk)
    amount = f"{row.amount:,.2f} {row.currency}" if row.amount is not None else ""
    company = row.company.name if row.company else ""
    return {
        "name": row.name, "stage": row.get_stage_display(), "amount": amount, "company": company,
    }  # fmt: skip


def _person(row: object, company: str) -> Values:
    name = str(getattr(row, "name", ""))
    given = {word: str(getattr(row, word, "") or "") for word in ("title", "phone")}
    email = str(getattr(row, "primary", "") or "")
    return {
        "first_name": first_name(name),
        "name": name,
        "company": company,
        "email": email,
    } | given


fields.register(Fields(contacts.KIND, "contact", PERSON, _contact))
fields.register(Fields(leads.KIND, "lead", PERSON, _lead))
fields.register(Fields(companies.KIND, "company", {"name": "Name", "domain": "Domain"}, _company))
fields.register(
    Fields(
        deals.KIND,
        "deal",
        {"name": "Name", "stage": "Stage", "amount": "Amount", "company": "Company"},
        _deal,
    )
)
