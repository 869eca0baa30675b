"""The card of /privacy: what is stored, and the buttons that give it out and erase it."""

import asyncio
import io
import json
from collections.abc import Mapping
from typing import Any, Self

import discord

from bot.localisation import N_, _, ngettext, number
from bot.ui.card import Card
from bot.ui.names import ACCENT
from bot.ui.persistent import PlainButton
from bot.ui.replies import Interaction, Notice

_WHAT = N_("""\
### What I keep, and why
- The names made for you, with language, letters, time, channel and server: for /history and "Again".
- The names that you keep with a star: for /favourites.
- Who asked for a training, and who added a server's own category: so that admins know.

I store no message, and read none but one that somebody asks me about in its menu. {history}
When I leave a server, what was made there is erased after 30 days.""")


_TABLES = {
    "generations": N_("answers"),
    "names": N_("names"),
    "stars": N_("stars"),
    "uses": N_("counted uses"),
    "runs": N_("trainings"),
    "models": N_("models"),
    "categories": N_("categories"),
}
"""What the rows of a table are to members."""


class Export(PlainButton, custom_id="privacy:export", label=N_("Export"), emoji="📄"):
    """Gives everything about the one who asks, as a file."""

    async def press(self, interaction: Interaction) -> None:
        await interaction.response.defer(thinking=True, ephemeral=True)
        everything = await interaction.client.store.privacy.export(interaction.user.id)
        content = await asyncio.to_thread(_as_json, everything)
        await interaction.followup.send(
            file=discord.File(io.BytesIO(content), "everything.json"), ephemeral=True
        )


def _as_json(everything: Mapping[str, Any]) -> bytes:
    return json.dumps(everything, ensure_ascii=False, indent=2).encode()


class Delete(PlainButton, custom_id="privacy:delete", label=N_("Delete…"), style=discord.ButtonStyle.danger):
    """Asks whether to erase everything."""

    async def press(self, interaction: Interaction) -> None:
        await interaction.response.edit_message(view=ConfirmCard())


class ReallyDelete(
    PlainButton,
    custom_id="privacy:really-delete",
    label=N_("Yes, erase all of it"),
    style=discord.ButtonStyle.danger,
):
    """Erases everything about the one who asks."""

    async def press(self, interaction: Interaction) -> None:
        await interaction.response.defer()
        erased = await interaction.client.store.privacy.delete(interaction.user.id)
        told = ", ".join(
            f"{_(_TABLES.get(table, table))} ({number(count)})" for table, count in erased.items() if count
        )
        sentence = _("Erased: {what}", what=told) if told else _("There was nothing to erase.")
        await interaction.edit_original_response(view=Notice(sentence))


class PrivacyCard(Card):
    """What is stored, and what one can do about it."""

    def __init__(self, history_days: int) -> None:
        super().__init__()
        history = (
            ngettext(
                "Names are erased after {count} day, those with a star too.",
                "Names are erased after {count} days, those with a star too.",
                history_days,
            )
            if history_days
            else _("Names stay until they are removed.")
        )
        card: discord.ui.Container[Self] = discord.ui.Container(accent_colour=ACCENT)
        card.add_item(discord.ui.TextDisplay(_(_WHAT, history=history)))
        card.add_item(discord.ui.ActionRow(Export(), Delete()))
        self.add_item(card)


class ConfirmCard(Card):
    """The last question before everything goes."""

    def __init__(self) -> None:
        super().__init__()
        question = _(
            "Erase every name made for you and every star of yours, on all servers? It can't be undone."
        )
        self.add_item(discord.ui.TextDisplay(question))
        self.add_item(discord.ui.ActionRow(ReallyDelete()))
