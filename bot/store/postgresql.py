"""What PostgreSQL has to be told apart: there transactions that write run side by side."""

from sqlalchemy import URL, Executable, func, select


def is_postgresql(url: URL) -> bool:
    """Whether the URL is of a PostgreSQL database."""
    return url.get_backend_name() == "postgresql"


def turn(key: str) -> Executable:
    """Wait until no other transaction has this turn, and have it until one's own ends.

    https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS
    """
    return select(func.pg_advisory_xact_lock(func.hashtextextended(key, 0)))
