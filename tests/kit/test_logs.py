"""One line of JSON for each record; and what is asked for is in none."""

import json
import logging
import logging.config
from collections.abc import Iterator

import pytest
from django.conf import settings
from uvicorn.config import LOGGING_CONFIG

from mailweave.kit.logs import JsonFormatter


def record(message: str, *arguments: object, error: Exception | None = None) -> logging.LogRecord:
    info = (type(error), error, None) if error else None
    return logging.LogRecord("mailweave.sync", logging.WARNING, "x.py", 1, message, arguments, info)


def test_a_record_is_one_line_of_json() -> None:
    text = JsonFormatter().format(record("sync %s stopped:\n%s", 7, 'a "quoted" thing\u2028'))
    assert "\n" not in text
    line = json.loads(text)
    assert line["message"] == 'sync 7 stopped:\na "quoted" thing\u2028'
    assert (line["level"], line["logger"]) == ("WARNING", "mailweave.sync")
    assert line["time"].endswith("+00:00")
    assert "trace" not in line


def test_what_went_wrong_comes_along() -> None:
    error = ValueError("no")
    line = json.loads(JsonFormatter().format(record("oh", error=error)))
    assert line["trace"] == "ValueError: no"


def test_a_lone_surrogate_breaks_nothing() -> None:
    assert json.loads(JsonFormatter().format(record("bad \ud800")))["message"]


@pytest.fixture
def loggers() -> Iterator[None]:
    """Those of the web server, as they were afterwards."""
    names = ("uvicorn", "uvicorn.error", "uvicorn.access")
    before = {one: vars(logging.getLogger(one)).copy() for one in names}
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    for one, facts in before.items():
        vars(logging.getLogger(one)).update(facts)
    root.handlers[:] = handlers
    root.setLevel(level)


def test_what_is_asked_for_is_not_logged(loggers: None) -> None:
    """The web server sets up its own log first; ours comes after it."""
    logging.config.dictConfig(LOGGING_CONFIG)
    assert logging.getLogger("uvicorn.access").hasHandlers()
    logging.config.dictConfig(settings.LOGGING)
    assert not logging.getLogger("uvicorn.access").hasHandlers()
    assert logging.getLogger("uvicorn.error").hasHandlers()
