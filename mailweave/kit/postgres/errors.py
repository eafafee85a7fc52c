"""What can go wrong with the database of our own. Every message says what to do."""


class PostgresError(Exception):
    """The database could not be made, started or stopped."""


class PostgresMissing(PostgresError):
    """No PostgreSQL of a version we can use was found."""


class WrongVersion(PostgresError):
    """The data was written by another major version than the binaries at hand."""


class StartFailed(PostgresError):
    """The server did not come up; the message ends with its own last words."""
