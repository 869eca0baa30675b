"""Run by Alembic to set the migrations going, over the connection that `bot.store.schema` gives."""

from alembic import context

from bot.store.schema import VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"],
    version_table=VERSION_TABLE,
    # Alembic doubts that SQLite can; with the transactions of `bot.store.sqlite` it does.
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
