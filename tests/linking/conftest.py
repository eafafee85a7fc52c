"""The same workspace and archive as for stored mail."""

from tests.mail.conftest import archive, here, kim, lee, sam

__all__ = ["archive", "here", "kim", "lee", "sam"]
