"""The cards of /models and /loss."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import discord

from bot.errors import Refusal
from bot.localisation import N_, _, decimals, ngettext
from bot.store import BASE, Model, ModelInUse, Store, UnknownModel
from bot.ui.card import Card
from bot.ui.names import ACCENT
from bot.ui.persistent import NumberedButton, PersistentItem, PlainButton, chosen_number
from bot.ui.pictures import attached, gallery
from bot.ui.replies import Interaction, show
from bot.ui.training import managed_guild, put_in_use
from model import plots

if TYPE_CHECKING:
    from bot.app import NameBot

_MOST = 25  # options of a select


class ModelSelect(PersistentItem[discord.ui.Select[Any]], template=r"models"):
    """Opens one model, or compares two."""

    def __init__(self, models: Sequence[Model] = ()) -> None:
        options = [
            discord.SelectOption(label=label(model), value=str(model.id)) for model in models[:_MOST]
        ] or [discord.SelectOption(label="-")]
        super().__init__(
            discord.ui.Select(
                placeholder=_("One to use or delete, two to compare…"),
                custom_id="models",
                options=options,
                max_values=min(2, len(options)),
            )
        )

    @classmethod
    def parse(cls, _match: Any) -> Self:
        return cls()

    async def press(self, interaction: Interaction) -> None:
        store = interaction.client.store
        own = {model.id: model for model in await store.models.available(managed_guild(interaction))}
        chosen = [own.get(chosen_number(value)) for value in self.item.values]
        found = [model for model in chosen if model is not None]
        if len(found) != len(chosen):
            raise _gone()
        if len(found) == 1:
            await show(interaction, ModelCard(found[0]), private=True)
            return
        await interaction.response.defer(thinking=True, ephemeral=True)  # the picture takes a while
        view, picture = await _compared(interaction.client, *sorted(found, key=lambda model: model.id))
        await show(interaction, view, attached(picture), private=True)


class UseModel(NumberedButton, kind="use", label=N_("Use it"), style=discord.ButtonStyle.primary):
    """Puts a model in use."""

    async def press(self, interaction: Interaction) -> None:
        guild_id = managed_guild(interaction)
        try:
            await put_in_use(interaction, guild_id, self.number)
        except UnknownModel as error:
            raise _gone() from error
        await _show_models(interaction, guild_id)


class UseShared(PlainButton, custom_id="use-shared", label=N_("Use the shared model")):
    """Has a server go with the model that all others share, whichever that is."""

    async def press(self, interaction: Interaction) -> None:
        guild_id = managed_guild(interaction)
        shared = await interaction.client.store.models.active_own(BASE)
        if shared is None:
            raise _gone()
        await put_in_use(interaction, guild_id, shared.id)
        await _show_models(interaction, guild_id)


class DeleteModel(NumberedButton, kind="delete-model", label=N_("Delete"), style=discord.ButtonStyle.danger):
    """Deletes a model that is not in use."""

    async def press(self, interaction: Interaction) -> None:
        guild_id = managed_guild(interaction)
        try:
            await interaction.client.store.models.delete(guild_id, self.number)
        except UnknownModel as error:
            raise _gone() from error
        except ModelInUse as error:
            raise Refusal("That model is in use: use another one first.") from error
        await _show_models(interaction, guild_id)


class ModelLoss(NumberedButton, kind="loss", label=N_("Loss")):
    """Shows how the loss of a model fell."""

    async def press(self, interaction: Interaction) -> None:
        own = await interaction.client.store.models.available(managed_guild(interaction))
        if self.number not in {model.id for model in own}:
            raise _gone()
        await interaction.response.defer(thinking=True, ephemeral=True)  # the picture takes a while
        card, picture = await loss_picture(interaction.client, self.number)
        await show(interaction, card, attached(picture), private=True)


class ModelsCard(Card):
    """A server's own models, and which is in use: the one that was chosen, or the shared one."""

    def __init__(self, models: Sequence[Model], chosen: Model | None) -> None:
        super().__init__()
        card: discord.ui.Container[Self] = discord.ui.Container(accent_colour=ACCENT)
        lines = [_line(model, in_use=chosen == model) for model in models]
        told = "\n".join(lines) or _("None yet: the shared model serves here. Train one with /retrain.")
        card.add_item(discord.ui.TextDisplay(_("### This server's models") + f"\n{told}"))
        if models and chosen is None:
            card.add_item(discord.ui.TextDisplay(_("-# In use is the shared model.")))
        if chosen is not None and chosen.guild_id == BASE:
            card.add_item(discord.ui.TextDisplay(_("-# In use is an older shared model.")))
        if models:
            card.add_item(discord.ui.ActionRow(ModelSelect(models)))
        if chosen is not None:
            card.add_item(discord.ui.ActionRow(UseShared()))
        self.add_item(card)

    @classmethod
    async def of(cls, store: Store, guild_id: int) -> Self:
        """The card of a server as it is now."""
        return cls(await store.models.available(guild_id), await store.models.active_own(guild_id))


class ModelCard(Card):
    """One model, and what to do with it."""

    def __init__(self, model: Model) -> None:
        super().__init__()
        buttons = UseModel(model.id), ModelLoss(model.id), DeleteModel(model.id)
        self.add_item(discord.ui.TextDisplay(_line(model, in_use=False)))
        self.add_item(discord.ui.ActionRow(*buttons))


async def _show_models(interaction: Interaction, guild_id: int) -> None:
    """Show all of them as they are now, in the place of what was pressed."""
    card = await ModelsCard.of(interaction.client.store, guild_id)
    await interaction.response.edit_message(view=card)


def label(model: Model) -> str:
    """A model in a list of choices."""
    loss = decimals(model.held_out_loss) if model.held_out_loss is not None else "?"
    return f"{model.id} · {model.created_at:%Y-%m-%d %H:%M} · {model.network} · {loss}"


async def loss_picture(bot: "NameBot", model_id: int) -> tuple[Card, bytes]:
    """The loss curve of a model, and the card that shows it."""
    generator = (await bot.generators.load(model_id)).generator
    title = _(
        "Loss of model {number} ({network})", number=str(model_id), network=generator.card.network.network
    )
    picture = await bot.generators.run(lambda: plots.loss_curve(generator.card.curve, title))
    return _pictured(title), picture


async def _compared(bot: "NameBot", older: Model, newer: Model) -> tuple[Card, bytes]:
    """The losses of two models by category, and the card that shows them."""
    before, after = (model.metadata.get("held_out", {}) for model in (older, newer))
    picture = await bot.generators.run(lambda: plots.losses(before, after))
    title = _("Model {older} before, model {newer} after", older=str(older.id), newer=str(newer.id))
    return _pictured(title), picture


def _pictured(title: str) -> Card:
    view = Card()
    view.add_item(discord.ui.TextDisplay(f"### {title}"))
    view.add_item(gallery(title))
    return view


def _line(model: Model, *, in_use: bool) -> str:
    told = [f"**{model.id}**", f"<t:{int(model.created_at.timestamp())}:f>", model.network]
    if model.held_out_loss is not None:
        told.append(_("loss {loss}", loss=decimals(model.held_out_loss)))
    if isinstance(names := model.metadata.get("names"), int):
        told.append(ngettext("{count} name", "{count} names", names))
    told.append(f"<@{model.trained_by}>" if model.trained_by else _("trained by itself"))
    return " · ".join([*told, _("**in use**")] if in_use else told)


def _gone() -> Refusal:
    return Refusal("That model is not kept any more: /models shows those that are.")
