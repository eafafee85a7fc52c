"""Text as searches compare it: lower case, words between single spaces."""

import re

NOT_A_WORD = re.compile(r"[\W_]+")


def flat(text: str) -> str:
    """``Ana <ana@x.example>`` becomes `` ana ana x example ``; blank text becomes one space."""
    return " " + NOT_A_WORD.sub(" ", text.lower()).strip() + " "
