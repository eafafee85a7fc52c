"""A PostgreSQL of our own in a directory: found, initialised, started, watched and stopped."""

from mailweave.kit.postgres.cluster import Cluster
from mailweave.kit.postgres.data import reachable_home
from mailweave.kit.postgres.errors import PostgresError, PostgresMissing, StartFailed, WrongVersion

__all__ = [
    "Cluster",
    "PostgresError",
    "PostgresMissing",
    "StartFailed",
    "WrongVersion",
    "reachable_home",
]
