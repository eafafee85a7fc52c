"""The key that signs sessions: made once, kept in the data directory, or from the environment."""

import os
import secrets
from pathlib import Path


def session_key(data_dir: Path) -> str:
    """MAILWEAVE_SECRET_KEY, or the data directory's own key, made on first use."""
    given = os.environ.get("MAILWEAVE_SECRET_KEY")
    if given:
        return given
    path = data_dir / "session.key"
    data_dir.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(handle, "w") as file:
        file.write(secrets.token_urlsafe(48))
    return path.read_text().strip()
