"""Which schema a database has, and how it gets to be this version's.

Alembic does the work. It is driven from here and not by its command line, so that the bot can
migrate at start-up, from an installed package, over the connection that it has.
"""

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from bot.store.errors import SchemaTooNew, StoreError

VERSION_TABLE = "namesmith_schema"
"""Where Alembic keeps the version. Not its default name: that could be another program's."""


def configuration(connection: Connection) -> Config:
    """Alembic's settings for work over this connection, in the transaction it is in."""
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", "bot.store:migrations")
    config.set_main_option("path_separator", "os")
    return config


def migrate(connection: Connection) -> None:
    """Bring the schema up to this version's, from an empty database or any older schema.

    Raises `SchemaTooNew` if it is beyond, `StoreError` if the database is another program's.
    """
    current, newest = _versions(connection)
    if current is None:
        _require_empty(connection)
    if current != newest:
        command.upgrade(configuration(connection), "head")


def older(connection: Connection) -> str | None:
    """Tell which schema of ours, older than this version's, the database has; None if it has no such.

    Raises `SchemaTooNew` if it is beyond.
    """
    current, newest = _versions(connection)
    return current if current != newest else None


def require_current(connection: Connection) -> None:
    """Raise `SchemaTooNew` or another `StoreError` unless the schema is this version's."""
    current, newest = _versions(connection)
    if current != newest:
        raise StoreError(
            f"The database's schema is {current or 'missing'} and this version needs {newest}: "
            f"start the bot, which brings it up to date."
        )


def _versions(connection: Connection) -> tuple[str | None, str]:
    """Tell the schema version of the database, None if it has none of ours, and the code's."""
    scripts = ScriptDirectory.from_config(configuration(connection))
    known = [script.revision for script in scripts.walk_revisions()]
    context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
    current = context.get_current_revision()
    if current is not None and current not in known:
        raise SchemaTooNew(
            f"The database was written by a newer Namesmith: its schema is {current}, "
            f"and this version knows {known[0]} at most. Update Namesmith, or restore a backup "
            f"from before the newer one was started."
        )
    return current, known[0]


def _require_empty(connection: Connection) -> None:
    if tables := inspect(connection).get_table_names():
        raise StoreError(
            f"The database is another program's, with tables such as {tables[0]}: "
            f"give Namesmith one of its own."
        )
