"""`python -m bot.localisation`: bring the catalogues up to date with the code.

New sentences come in untranslated, and those that are gone are dropped; then edit the `.po` files.
"""

import asyncio
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from bot.app import NameBot
from bot.localisation import CATALOGUES, LANGUAGES
from bot.localisation.collect import collect
from bot.settings import Settings


async def main() -> None:
    """Update the catalogue of each language."""
    bot = NameBot(Settings())
    await bot.add_commands()
    template = await collect(bot.tree)
    for name in sorted(set(LANGUAGES.values())):
        path = CATALOGUES / f"{name}.po"
        catalogue = _read(path, name)
        catalogue.update(template, no_fuzzy_matching=True)
        catalogue.obsolete.clear()
        with path.open("wb") as file:
            write_po(file, catalogue, width=110, include_lineno=False, omit_header=True)


def _read(path: Path, name: str) -> Catalog:
    if not path.exists():
        return Catalog(locale=name)
    with path.open("rb") as file:
        return read_po(file, locale=name)


if __name__ == "__main__":
    asyncio.run(main())
