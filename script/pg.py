"""Runs one of PostgreSQL's own programs on Mailweave's database, wherever that is.

    script/pg psql
    script/pg pg_dump --format=custom --file=mailweave.dump

The database is found as the product finds it, and named to the program by libpq's environment
variables (https://www.postgresql.org/docs/current/libpq-envars.html), so that no password is seen
in the list of processes.
"""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from psycopg.conninfo import conninfo_to_dict  # noqa: E402

from mailweave.config import boot, database  # noqa: E402
from mailweave.kit.postgres.account import account_for  # noqa: E402
from mailweave.kit.postgres.binaries import find_binaries  # noqa: E402

VARIABLES = {
    "host": "PGHOST",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "dbname": "PGDATABASE",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
}


def main(arguments: list[str]) -> None:
    """Become the program, with the database named in the environment."""
    if not arguments or arguments[0].startswith("-"):
        sys.exit("usage: script/pg PROGRAM [ARGUMENTS], such as script/pg psql")
    boot.start()
    home = database.embedded(Path(os.environ.get("MAILWEAVE_DATA", ROOT / "var")).resolve())
    url = os.environ.get("DATABASE_URL") or home.url(database.NAME)
    program = find_binaries(None, account_for(home.pgdata)).program(arguments[0])
    if not program.exists():
        sys.exit(f"There is no {arguments[0]} in {program.parent}.")
    environment = dict(os.environ)
    for name, value in conninfo_to_dict(url).items():
        if name not in VARIABLES:
            sys.exit(f"DATABASE_URL says {name}, which this command cannot pass on.")
        environment[VARIABLES[name]] = str(value)
    os.execve(program, [arguments[0], *arguments[1:]], environment)  # noqa: S606 - no shell


if __name__ == "__main__":
    main(sys.argv[1:])
