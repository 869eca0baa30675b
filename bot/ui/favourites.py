"""The card of /favourites: what a member keeps, from all servers; nobody else sees it."""

import io
import re
from collections.abc import Sequence
from itertools import groupby
from typing import Any, Self

import discord

from bot.exports import FORMATS
from bot.localisation import _
from bot.store import Favourite
from bot.text import fitting, plain
from bot.ui.card import Card
from bot.ui.names import ACCENT
from bot.ui.persistent import PersistentButton, PersistentItem, chosen_number
from bot.ui.replies import Interaction

_ROOM = 3500  # characters of the 4000 that a card may have
_A_PAGE = 20  # names; a select holds up to 25


class FavouritesPage(PersistentButton, template=r"favourites:(?P<page>[0-9]{1,6})"):
    """Turns to a page."""

    def __init__(self, page: int, label: str = "", *, disabled: bool = False) -> None:
        super().__init__(
            discord.ui.Button(label=label or _("Page"), custom_id=f"favourites:{page}", disabled=disabled)
        )
        self.page = page

    @classmethod
    def parse(cls, match: re.Match[str]) -> Self:
        return cls(int(match["page"]))

    async def press(self, interaction: Interaction) -> None:
        await interaction.response.edit_message(view=await favourites_card(interaction, self.page))


class FavouritesFile(PersistentButton, template=r"favourites-file:(?P<kind>txt|csv|json)"):
    """Gives all of them as a file."""

    def __init__(self, kind: str) -> None:
        super().__init__(
            discord.ui.Button(label=kind.upper(), emoji="📄", custom_id=f"favourites-file:{kind}")
        )
        self.kind = kind

    @classmethod
    def parse(cls, match: re.Match[str]) -> Self:
        return cls(match["kind"])

    async def press(self, interaction: Interaction) -> None:
        favourites = await interaction.client.store.stars.favourites(interaction.user.id)
        content = io.BytesIO(FORMATS[self.kind](favourites))
        await interaction.response.send_message(
            file=discord.File(content, f"favourites.{self.kind}"), ephemeral=True
        )


class Forget(PersistentItem[discord.ui.Select[Any]], template=r"forget:(?P<page>[0-9]{1,6})"):
    """Takes names out of the favourites."""

    def __init__(self, page: int, names: Sequence[Favourite] = ()) -> None:
        options = [
            discord.SelectOption(label=name.text[:100], description=name.language[:100], value=str(name.id))
            for name in names
        ]
        super().__init__(
            discord.ui.Select(
                placeholder=_("Take names out…"),
                custom_id=f"forget:{page}",
                options=options or [discord.SelectOption(label="-")],
                max_values=max(len(options), 1),
            )
        )
        self.page = page

    @classmethod
    def parse(cls, match: re.Match[str]) -> Self:
        return cls(int(match["page"]))

    async def press(self, interaction: Interaction) -> None:
        for value in self.item.values:
            await interaction.client.store.stars.unstar(interaction.user.id, chosen_number(value))
        await interaction.response.edit_message(view=await favourites_card(interaction, self.page))


class FavouritesCard(Card):
    """A page of the names that a member keeps, by language."""

    def __init__(self, favourites: Sequence[Favourite], page: int) -> None:
        super().__init__()
        card: discord.ui.Container[Self] = discord.ui.Container(accent_colour=ACCENT)
        last = max(0, (len(favourites) - 1) // _A_PAGE)
        page = min(page, last)
        shown = favourites[page * _A_PAGE : (page + 1) * _A_PAGE]
        card.add_item(discord.ui.TextDisplay("### " + _("Your favourites") + "\n" + _listed(shown)))
        if shown:
            card.add_item(discord.ui.ActionRow(Forget(page, shown)))
            card.add_item(discord.ui.ActionRow(*_pages(page, last), *map(FavouritesFile, FORMATS)))
        self.add_item(card)


async def favourites_card(interaction: Interaction, page: int) -> FavouritesCard:
    """The favourites of the one who asks."""
    return FavouritesCard(await interaction.client.store.stars.favourites(interaction.user.id), page)


def _pages(page: int, last: int) -> list[FavouritesPage]:
    if not last:
        return []
    return [
        FavouritesPage(max(page - 1, 0), _("Previous"), disabled=page == 0),
        FavouritesPage(page + 1, _("Next"), disabled=page == last),
    ]


def _listed(names: Sequence[Favourite]) -> str:
    if not names:
        return _("None yet. Press the star beside a name to keep it.")
    lines = (
        f"**{plain(language)}**: {', '.join(plain(name.text) for name in group)}"
        for language, group in groupby(names, key=lambda name: name.language)
    )
    return fitting(lines, _ROOM, "\n")
