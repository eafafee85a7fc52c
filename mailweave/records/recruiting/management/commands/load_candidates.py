"""``manage.py load_candidates --workspace ID [FILE]``: fill recruiting from a JSON document."""

from mailweave.people.loading import LoadCommand
from mailweave.records.recruiting import loading


class Command(LoadCommand):
    """Loads jobs and candidates."""

    help = "Load jobs and candidates from a JSON file, or from standard input."

    def load(self, text: bytes) -> str:
        done = loading.load(text)
        return f"{done.jobs} jobs and {done.candidates} candidates loaded."
