"""Which workspace this work is for: the first wall between tenants, and the key to the second.

Every row of a tenant table carries ``workspace_id``. Inside :func:`workspace` the model managers
filter by it, and PostgreSQL's row-level security sees the same id in the transaction-local
setting ``mailweave.workspace_id``, so that a query that forgot the first wall meets the second.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.db import connection, transaction

_workspace_id: ContextVar[int | None] = ContextVar("workspace_id", default=None)


class OutsideWorkspaceError(RuntimeError):
    """Tenant rows were asked for outside any workspace. That is a bug, never a user's fault."""


def current() -> int:
    """The id of the workspace being worked for."""
    found = _workspace_id.get()
    if found is None:
        raise OutsideWorkspaceError("no workspace is set; wrap the work in scope.workspace(...)")
    return found


@contextmanager
def workspace(workspace_id: int) -> Iterator[None]:
    """One transaction that sees and writes the rows of one workspace only.

    It is the outermost transaction (a nested call raises), so leaving it commits.
    """
    with transaction.atomic(durable=True):
        tell_database(workspace_id)
        token = _workspace_id.set(workspace_id)
        try:
            yield
        finally:
            _workspace_id.reset(token)


@contextmanager
def user(user_id: int) -> Iterator[None]:
    """One transaction that may read the memberships and invitations of one user."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('mailweave.user_id', %s, true)", [str(user_id)])
        yield


def tell_database(workspace_id: int) -> None:
    """Let row-level security pass this workspace's rows until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('mailweave.workspace_id', %s, true)", [str(workspace_id)])
