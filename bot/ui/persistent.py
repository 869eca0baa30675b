"""Buttons and selects that outlive a restart: all they need is in their custom ID.

What that says is checked anew at each use: who it is, and what is still true.
"""

import logging
import re
from abc import abstractmethod
from typing import Any, ClassVar, Generic, Self, TypeVar

import discord

from bot.errors import Gone, Refusal
from bot.localisation import _, speak
from bot.ui.replies import Interaction, tell_error

log = logging.getLogger(__name__)

_NUMBER = re.compile(r"[0-9]{1,18}")
"""A number of something in the store, which holds no larger ones."""

ItemT = TypeVar("ItemT", bound=discord.ui.Item[Any])


def chosen_number(value: str) -> int:
    """The number that a select's value is, or 0, which nothing has, where it is none."""
    return int(value) if _NUMBER.fullmatch(value) else 0


class PersistentItem(discord.ui.DynamicItem[ItemT], Generic[ItemT], template=r"(?!)"):
    """Base of them all: whatever goes wrong in one is answered.

    discord.py only logs what is raised in a DynamicItem, and swallows what its `from_custom_id` or
    `interaction_check` raises; so all the work is done in `press`, under one handler.
    """

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction[Any], _item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        return cls.parse(match)

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        speak(interaction.locale)
        try:
            with interaction.client.answering.follow(type(self).__name__):
                self._require_kind(interaction)
                await self.press(interaction)
        except Exception as error:  # noqa: BLE001 - the last handler there is: it answers for all
            if isinstance(error, Gone):
                await self._try_to_mend(interaction)
            await tell_error(interaction, error)

    def _require_kind(self, interaction: Interaction) -> None:
        """Raise `Refusal` where a button has a select's ID, or the other way round: it is none of ours."""
        if not interaction.data or interaction.data.get("component_type") != self.item.type.value:
            raise Refusal("This is from an older time and does nothing now.")

    async def mend(self, interaction: Interaction) -> None:
        """Bring a card up to date that speaks of what is gone: this can't be used any more."""
        if isinstance(self.item, discord.ui.Button | discord.ui.Select) and self.view is not None:
            self.item.disabled = True
            await interaction.response.edit_message(view=self.view)

    async def _try_to_mend(self, interaction: Interaction) -> None:
        if not interaction.response.is_done():
            try:
                await self.mend(interaction)
            except discord.HTTPException as error:  # whoever pressed must be answered all the same
                log.warning("a card could not be mended: %s", error)

    @classmethod
    @abstractmethod
    def parse(cls, match: re.Match[str]) -> Self:
        """The item of a custom ID that fits the template. It must not fail."""

    @abstractmethod
    async def press(self, interaction: Interaction) -> None:
        """What using it does; may raise anything."""


class PersistentButton(PersistentItem[discord.ui.Button[Any]], template=r"(?!)"):
    """A button."""


class PlainButton(PersistentButton, template=r"(?!)"):
    """A button that always means the same: its custom ID never changes.

    A subclass says what it looks like: `class Export(PlainButton, custom_id="export", label=N_("Export"))`.
    """

    _face: ClassVar[dict[str, Any]]

    def __init_subclass__(
        cls,
        *,
        custom_id: str,
        label: str,
        emoji: str | None = None,
        style: discord.ButtonStyle = discord.ButtonStyle.secondary,
    ) -> None:
        super().__init_subclass__(template=re.escape(custom_id))
        cls._face = {"custom_id": custom_id, "label": label, "emoji": emoji, "style": style}

    def __init__(self) -> None:
        label = self._face["label"]
        super().__init__(discord.ui.Button(**{**self._face, "label": _(label)}))

    @classmethod
    def parse(cls, _match: re.Match[str]) -> Self:
        return cls()


class NumberedButton(PersistentButton, template=r"(?!)"):
    """A button about one thing of the store, whose number is all that the custom ID holds.

    A subclass says what it looks like: `class Again(NumberedButton, kind="again", label=N_("Again"))`.
    """

    _face: ClassVar[dict[str, Any]]
    _kind: ClassVar[str]

    def __init_subclass__(
        cls,
        *,
        kind: str,
        label: str | None = None,
        emoji: str | None = None,
        style: discord.ButtonStyle = discord.ButtonStyle.secondary,
    ) -> None:
        super().__init_subclass__(template=rf"{kind}:(?P<number>{_NUMBER.pattern})")
        cls._kind, cls._face = kind, {"label": label, "emoji": emoji, "style": style}

    def __init__(self, number: int, **other_face: Any) -> None:
        face = {**self._face, **other_face}
        label = face["label"]
        if label and "label" not in other_face:
            face["label"] = _(label)
        super().__init__(discord.ui.Button(custom_id=f"{self._kind}:{number}", **face))
        self.number = number

    @classmethod
    def parse(cls, match: re.Match[str]) -> Self:
        return cls(int(match["number"]))
