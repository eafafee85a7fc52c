#!/usr/bin/env python
"""Management commands: ``script/manage COMMAND``."""

import os
import sys

WITHOUT_DATABASE = {"check", "collectstatic", "makemigrations", "make_key", "help"}
LONG_LIVED = {"worker"}


def main() -> None:
    """Run a command, with the embedded database started if it needs one."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mailweave.config.settings")
    if sys.argv[1:2] and sys.argv[1] not in WITHOUT_DATABASE:
        from mailweave.config import boot

        if sys.argv[1] in LONG_LIVED:
            boot.serve()
        else:
            boot.start()
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
