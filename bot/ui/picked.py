"""A name picked from the history: a card of its own, to keep or to remove it."""

import re
from collections.abc import Sequence
from typing import Any, Self

import discord

from bot.errors import Gone, Refusal
from bot.localisation import N_, _
from bot.store import Entry, KeptEntry
from bot.text import plain
from bot.ui.card import Card
from bot.ui.persistent import NumberedButton, PersistentItem, chosen_number
from bot.ui.replies import Interaction, Notice, asker, show


class Pick(PersistentItem[discord.ui.Select[Any]], template=r"pick"):
    """Opens one of some names."""

    def __init__(self, entries: Sequence[Entry] = ()) -> None:
        options = [
            discord.SelectOption(
                label=entry.text[:100], description=entry.language[:100], value=str(entry.id)
            )
            for entry in entries
        ]
        super().__init__(
            discord.ui.Select(
                placeholder=_("Keep or remove a name…"),
                custom_id="pick",
                options=options or [discord.SelectOption(label="-")],
            )
        )

    @classmethod
    def parse(cls, _match: re.Match[str]) -> Self:
        return cls()

    async def press(self, interaction: Interaction) -> None:
        value = self.item.values[0]
        name = await _in_reach(interaction, chosen_number(value))
        card = PickedCard(name, may_remove=_may_remove(interaction, name))
        await show(interaction, card, private=True)


class Keep(NumberedButton, kind="keep", label=N_("Keep"), emoji="⭐"):
    """Keeps the name among one's favourites."""

    async def press(self, interaction: Interaction) -> None:
        name = await _in_reach(interaction, self.number)
        await interaction.client.store.stars.star(interaction.user.id, name.id)
        kept = Notice(_("⭐ **{name}** is among your /favourites.", name=plain(name.text)))
        await interaction.response.edit_message(view=kept)


class Remove(NumberedButton, kind="remove", label=N_("Remove"), style=discord.ButtonStyle.danger):
    """Removes the name from everywhere: for its maker, and for who may manage messages."""

    async def press(self, interaction: Interaction) -> None:
        name = await _in_reach(interaction, self.number)
        if not _may_remove(interaction, name):
            raise Refusal("Only the one who asked for a name, or who may manage messages, can remove it.")
        await interaction.client.store.history.remove(name.id)
        gone = Notice(_("**{name}** is gone from everywhere.", name=plain(name.text)))
        await interaction.response.edit_message(view=gone)


class PickedCard(Card):
    """The name, and what to do with it."""

    def __init__(self, name: KeptEntry, *, may_remove: bool) -> None:
        super().__init__()
        stars = f" · ⭐ {name.stars}" if name.stars else ""
        buttons = [Keep(name.id), Remove(name.id)] if may_remove else [Keep(name.id)]
        self.add_item(discord.ui.TextDisplay(f"## {plain(name.text)}\n{plain(name.language)}{stars}"))
        self.add_item(discord.ui.ActionRow(*buttons))


async def _in_reach(interaction: Interaction, name_id: int) -> KeptEntry:
    """A name that was made where it is asked about.

    Raises:
        Gone: where there is none.
    """
    name = await interaction.client.store.history.name(name_id)
    if name is None or not asker(interaction).reaches(name.guild_id, name.channel_id):
        raise Gone("That name is gone from the history.")
    return name


def _may_remove(interaction: Interaction, name: KeptEntry) -> bool:
    return name.user_id == interaction.user.id or interaction.permissions.manage_messages
