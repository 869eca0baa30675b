"""How the schema came to be what `bot.store.tables` says, step by step.

To change the schema, change the tables and write the next step: a file in `versions`, numbered one
on from the last, with a way up and a way down. A step that has been released is never edited, and
imports nothing from the rest of the package, which will have moved on. On SQLite, alter a table
within `op.batch_alter_table`, which copies it: what a copy would lose, its last ID and its triggers, is
to be set again, as 0002 does.
"""
