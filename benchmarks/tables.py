"""How tables are printed: plain enough to be pasted into Markdown."""

import time
from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table

console = Console(width=140, highlight=False)
_notes = Console(stderr=True, highlight=False)


def show(title: str, head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table; all columns but the first are numbers."""
    table = Table(title=title, title_justify="left", box=box.MARKDOWN)
    for number, column in enumerate(head):
        table.add_column(column, justify="right" if number else "left")
    for row in rows:
        table.add_row(*map(str, row))
    console.print(table, "")


def note(what: str) -> None:
    """Say on stderr how far it is: the tables come only when all of a section is measured."""
    _notes.print(f"{time.strftime('%H:%M:%S')} {what}")
