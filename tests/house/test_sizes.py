"""Small files: what one person reads in one go."""

from tests.house import tree

MOST = 400
READ = {".py", ".sql", ".html", ".js"}
OWN = ("mailweave/", "sandbox/")
APART = ("/migrations/", "/static/vendor/")
"""Made by a program, or by others."""


def test_no_file_is_longer_than_anybody_reads() -> None:
    long = {}
    for path in tree.files():
        name = path.relative_to(tree.ROOT).as_posix()
        if name.startswith(OWN) and path.suffix in READ and not any(one in name for one in APART):
            lines = len(path.read_text().splitlines())
            if lines > MOST:
                long[name] = lines
    assert long == {}, f"split what is longer than {MOST} lines by what it is about"
