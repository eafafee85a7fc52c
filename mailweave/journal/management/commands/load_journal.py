"""``manage.py load_journal --workspace ID [FILE]``: fill timelines from a JSON document."""

from mailweave.journal import loading
from mailweave.people.loading import LoadCommand


class Command(LoadCommand):
    """Writes down notes, calls, meetings and tasks."""

    help = "Write down notes, calls, meetings and tasks from a JSON file, or standard input."

    def load(self, text: bytes) -> str:
        return f"{loading.load(text)} entries loaded."
