"""Run by Alembic to set the migrations going, over the connection that `bot.store.schema` gives.

That connection is in a transaction already, and whoever began it ends it.
"""

from alembic import context

from bot.store.schema import VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"],
    version_table=VERSION_TABLE,
)
context.run_migrations()
