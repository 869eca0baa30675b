"""Buttons that outlive a restart: all they need is in their custom ID, checked again at each press."""

import re
from abc import abstractmethod
from typing import Any, Self

import discord

from bot.ui.replies import Interaction, tell_error


class PersistentButton(discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"(?!)"):
    """Base of all buttons: whatever goes wrong in one is answered.

    discord.py only logs what is raised in a DynamicItem, and swallows what its `from_custom_id` or
    `interaction_check` raises; so all the work is done in `press`, under one handler.
    """

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction[Any], _item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        return cls.parse(match)

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        try:
            await self.press(interaction)
        except Exception as error:  # noqa: BLE001 - the last handler there is: it answers for all
            await tell_error(interaction, error)

    @classmethod
    @abstractmethod
    def parse(cls, match: re.Match[str]) -> Self:
        """The button of a custom ID that fits the template. It must not fail."""

    @abstractmethod
    async def press(self, interaction: Interaction) -> None:
        """What a press does; may raise anything."""
