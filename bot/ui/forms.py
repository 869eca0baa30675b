"""Forms that outlive a restart, as the buttons do: what they need beside the typed is in their custom ID."""

import re
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import discord

from bot.localisation import speak
from bot.ui.replies import Interaction, custom_id_of, tell_error

Typed = Mapping[str, str]
"""What stands in a form's fields, by their custom IDs."""


class PersistentForm(discord.ui.Modal):
    """Base of them all: whatever goes wrong in one is answered.

    discord.py forgets its modals with the process, and keeps those that nobody sends off for as long
    as it lives. So it is told that it need not wait for ours: `NameBot.on_interaction` sends them here.
    """

    template: ClassVar[re.Pattern[str]]

    async def open(self, interaction: Interaction) -> None:
        """Show it to the one who asks."""
        self.stop()
        await interaction.response.send_modal(self)

    @classmethod
    async def take(cls, interaction: Interaction) -> bool:
        """Act on a form of this kind that was sent off; False if it is of another."""
        match = cls.template.fullmatch(custom_id_of(interaction))
        if match is None:
            return False
        speak(interaction.locale)
        try:
            with interaction.client.answering.follow(cls.__name__):
                await cls.submitted(interaction, match, dict(_typed(interaction)))
        except Exception as error:  # noqa: BLE001 - the last handler there is: it answers for all
            await tell_error(interaction, error)
        return True

    @classmethod
    @abstractmethod
    async def submitted(cls, interaction: Interaction, match: re.Match[str], typed: Typed) -> None:
        """What sending it off does; may raise anything."""


def _typed(interaction: Interaction) -> Iterator[tuple[str, str]]:
    """The fields, which Discord sends in rows or labels."""
    data: Mapping[str, Any] = {**interaction.data} if interaction.data else {}
    for row in data.get("components", []):
        for field in row.get("components", [row.get("component", {})]):
            if "value" in field:
                yield str(field.get("custom_id")), str(field["value"])
