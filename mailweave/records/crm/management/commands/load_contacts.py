"""``manage.py load_contacts --workspace ID [FILE]``: fill the CRM from a JSON document."""

from mailweave.people.loading import LoadCommand
from mailweave.records.crm import loading


class Command(LoadCommand):
    """Loads companies, contacts, leads and deals."""

    help = "Load companies, contacts, leads and deals from a JSON file, or from standard input."

    def load(self, text: bytes) -> str:
        done = loading.load(text)
        return (
            f"{done.companies} companies, {done.contacts} contacts, {done.leads} leads and "
            f"{done.deals} deals loaded."
        )
