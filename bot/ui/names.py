"""The card of /name, and its buttons."""

import re
from collections.abc import Awaitable, Callable
from typing import Any, Self

import discord

from bot.errors import Refusal
from bot.localisation import N_, _, ngettext
from bot.naming import Made
from bot.requests import Mood
from bot.text import plain
from bot.ui.card import Card
from bot.ui.persistent import NumberedButton, PersistentItem
from bot.ui.pictures import attached, gallery
from bot.ui.replies import Interaction, Notice, aloud, asker, show, tell

ACCENT = discord.Colour(0x2F6FB3)

_MOODS = {
    Mood.safe: (N_("Safe"), N_("the likeliest letters")),
    Mood.balanced: (N_("Balanced"), N_("as usual")),
    Mood.wild: (N_("Wild"), N_("more surprises")),
}


async def answer(
    interaction: Interaction, make: Callable[[], Awaitable[Made]], *, private: bool = False
) -> None:
    """Make names and show their card; "is thinking…" meanwhile if a model must be loaded first."""
    async with interaction.client.limits.charged(asker(interaction)):
        if not await interaction.client.naming.is_quick(interaction.guild_id):
            await interaction.response.defer(thinking=True, ephemeral=private)
        made = await make()
    with aloud(interaction, private=private):
        card = NameCard(made)
    await show(interaction, card, private=private)


class _OnNameCard:
    """An item of a card of names; when those are gone, or some of them, the card is made anew."""

    async def mend(self, interaction: Interaction) -> None:
        made = await interaction.client.naming.made(asker(interaction), _generation_on(interaction.message))
        with aloud(interaction):
            card = NameCard(made) if made else Notice(_("These names are gone from the history."))
        await interaction.response.edit_message(view=card)


class Again(
    _OnNameCard,
    NumberedButton,
    kind="again",
    label=N_("Again"),
    emoji="🎲",
    style=discord.ButtonStyle.primary,
):
    """Makes new names of the same kind, in a card of their own: the old ones may be liked."""

    async def press(self, interaction: Interaction) -> None:
        naming = interaction.client.naming
        await answer(interaction, lambda: naming.again(asker(interaction), self.number))


class More(_OnNameCard, NumberedButton, kind="more", label=N_("More like this")):
    """Makes many names of the same kind."""

    async def press(self, interaction: Interaction) -> None:
        naming = interaction.client.naming
        await answer(interaction, lambda: naming.more(asker(interaction), self.number))


class WriteIt(_OnNameCard, NumberedButton, kind="write", label=N_("Write it for me")):
    """Shows how the network wrote a name."""

    async def press(self, interaction: Interaction) -> None:
        async with interaction.client.limits.charged(asker(interaction)):
            await interaction.client.naming.earlier(asker(interaction), self.number)
            await interaction.response.defer(thinking=True)  # the picture takes a while
            picture = await interaction.client.naming.written(asker(interaction), self.number)
        view = Card()
        with aloud(interaction):
            view.add_item(gallery(_("How likely each letter was at each step")))
        await show(interaction, view, attached(picture))


class MoodSelect(
    _OnNameCard,
    PersistentItem[discord.ui.Select[Any]],
    template=r"mood:(?P<generation>[0-9]{1,18})",
):
    """Makes new names of the same kind, more or less daring."""

    def __init__(self, generation_id: int) -> None:
        super().__init__(
            discord.ui.Select(
                placeholder=_("The same in another mood"),
                custom_id=f"mood:{generation_id}",
                options=[
                    discord.SelectOption(label=_(label), description=_(told), value=mood)
                    for mood, (label, told) in _MOODS.items()
                ],
            )
        )
        self.generation_id = generation_id

    @classmethod
    def parse(cls, match: re.Match[str]) -> Self:
        return cls(int(match["generation"]))

    async def press(self, interaction: Interaction) -> None:
        chosen = self.item.values[0]
        if chosen not in {*Mood}:
            raise Refusal("There is no such mood. Choose safe, balanced or wild.")
        naming, temperature = interaction.client.naming, Mood(chosen).temperature
        await answer(interaction, lambda: naming.in_mood(asker(interaction), self.generation_id, temperature))


class Star(_OnNameCard, NumberedButton, kind="star", emoji="⭐"):
    """Keeps a name among one's favourites, or no longer; shows how many keep it."""

    async def press(self, interaction: Interaction) -> None:
        starred = await interaction.client.naming.star(asker(interaction), self.number)
        with aloud(interaction):
            card = NameCard(starred.made)
        await interaction.response.edit_message(view=card)
        name = plain(starred.text)
        if starred.now:
            await tell(interaction, _("⭐ **{name}** is among your /favourites.", name=name))
        else:
            await tell(interaction, _("**{name}** is no longer among your /favourites.", name=name))


class NameCard(Card):
    """The names, large, each with its star; under them whence they came, and what to do with them."""

    def __init__(self, made: Made) -> None:
        super().__init__()
        card: discord.ui.Container[Self] = discord.ui.Container(accent_colour=ACCENT)
        for item in _names(made):
            card.add_item(item)
        card.add_item(discord.ui.TextDisplay("\n".join(_small_print(made))))
        if made.generation_id is not None:
            number = made.generation_id
            card.add_item(discord.ui.ActionRow(Again(number), More(number), WriteIt(number)))
            card.add_item(discord.ui.ActionRow(MoodSelect(made.generation_id)))
        self.add_item(card)


def _generation_on(message: discord.Message | None) -> int:
    """The number of the generation that a card shows, which its buttons know; 0 if none does."""
    view = discord.ui.LayoutView.from_message(message, timeout=None) if message else discord.ui.LayoutView()
    custom_ids = [getattr(item, "custom_id", "") for item in view.walk_children()]
    found = [re.fullmatch(r"again:([0-9]{1,18})", str(custom_id)) for custom_id in custom_ids]
    return next((int(match[1]) for match in found if match), 0)


def _names(made: Made) -> list[discord.ui.Item[Any]]:
    headings = [f"## {plain(name.text)}" for name in made.names]
    if made.generation_id is None:
        return [discord.ui.TextDisplay("\n".join(headings))]
    return [
        discord.ui.Section(heading, accessory=Star(name_id, label=_count(made, name_id)))
        for heading, name_id in zip(headings, made.name_ids, strict=True)
    ]


def _count(made: Made, name_id: int) -> str | None:
    """How many keep a name, if anyone does."""
    return str(made.stars[name_id]) if made.stars.get(name_id) else None


def _small_print(made: Made) -> list[str]:
    lines = []
    if made.generation_id is None:
        lines.append(_("⚠️ These names could not be kept: they are not in the history."))
    known = [plain(name.text) for name in made.names if not name.novel]
    if known and made.wanted_new:
        told = ngettext(
            "{names} is a real name: many tries found no new one.",
            "{names} are real names: many tries found no new one.",
            len(known),
            names=", ".join(known),
        )
        lines.append(f"-# {told}")
    asked = _(
        "{language} · for {member} · seed {seed}",
        language=plain(made.language),
        member=f"<@{made.user_id}>",
        seed=str(made.seed),
    )
    lines.append(f"-# {asked}")
    return lines
