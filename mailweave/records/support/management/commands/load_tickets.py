"""``manage.py load_tickets --workspace ID [FILE]``: fill support from a JSON document."""

from mailweave.people.loading import LoadCommand
from mailweave.records.support import loading


class Command(LoadCommand):
    """Opens tickets."""

    help = "Open tickets from a JSON file, or from standard input."

    def load(self, text: bytes) -> str:
        return f"{loading.load(text)} tickets loaded."
