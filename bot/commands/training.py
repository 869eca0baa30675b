"""/retrain and /autoretrain: teach the generator again while it keeps answering."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from discord import app_commands
from discord.ext import commands

from bot.commands.answered import answered
from bot.commands.completion import Choices, choices, lists_of_languages, offered
from bot.commands.contexts import in_its_servers
from bot.errors import Refusal
from bot.localisation import N_, _, duration
from bot.store import AutoRetrain
from bot.training.plan import Wish
from bot.ui.replies import Interaction, tell
from bot.ui.training import managed_guild, may_train
from model.recipes import NetworkName, RecipeName

_NETWORKS: dict[NetworkName, str] = {
    "ensemble": N_("a GRU and letter counts together: the best"),
    "gru": N_("a recurrent network with gates"),
    "lstm": N_("a recurrent network with gates and a memory"),
    "rnn": N_("a recurrent network without gates"),
    "tutorial": N_("that of PyTorch's tutorial"),
}
_RECIPES: dict[RecipeName, str] = {
    "quick": N_("a rough model, soon"),
    "default": N_("a good model"),
    "best": N_("the best model, and the longest wait"),
}
_LONGEST = 400  # characters of the categories

NameT = TypeVar("NameT", bound=str)


class Training(commands.Cog):
    """Admins train."""

    @app_commands.command(name="retrain")
    @app_commands.describe(
        network="The kind of network; one of your choice begins fresh",
        recipe="How long and how well it is taught",
        fresh="Forget what the current model knows, instead of going on from it",
        categories="Learn these alone, with commas between them; all if you don't say",
        base="The model that all servers share; for the bot's owner alone",
    )
    @app_commands.default_permissions(manage_guild=True)
    @in_its_servers
    @answered
    async def retrain(
        self,
        interaction: Interaction,
        network: str | None = None,
        recipe: str = "default",
        fresh: bool = False,
        categories: app_commands.Range[str, 1, _LONGEST] | None = None,
        base: bool = False,
    ) -> None:
        """Train this server's own model anew, and watch it learn"""
        await may_train(interaction, base=base)
        wish = Wish(
            network=_one_of(_NETWORKS, network) if network else None,
            recipe=_one_of(_RECIPES, recipe),
            fresh=fresh,
            categories=tuple(part.strip() for part in (categories or "").split(",") if part.strip()),
        )
        await interaction.client.retrain(interaction, wish, base=base)

    @retrain.autocomplete("network")
    @offered
    async def complete_network(self, interaction: Interaction, typed: str) -> Choices:
        return await _choices(interaction, typed, _NETWORKS, lambda network: Wish(network=network))

    @retrain.autocomplete("recipe")
    @offered
    async def complete_recipe(self, interaction: Interaction, typed: str) -> Choices:
        return await _choices(interaction, typed, _RECIPES, lambda recipe: Wish(recipe=recipe))

    @retrain.autocomplete("categories")
    @offered
    async def complete_categories(self, interaction: Interaction, typed: str) -> Choices:
        return lists_of_languages(interaction, typed)

    @app_commands.command(name="autoretrain")
    @app_commands.describe(
        share="When so many percent of this server's own names have changed",
        hour="Once a week, at this hour of the day in UTC; choose a quiet one",
    )
    @app_commands.default_permissions(manage_guild=True)
    @in_its_servers
    @answered
    async def autoretrain(
        self,
        interaction: Interaction,
        share: app_commands.Range[int, 1, 100] | None = None,
        hour: app_commands.Range[int, 0, 23] | None = None,
    ) -> None:
        """Have this server's model trained without being asked; without options, not any more"""
        guild_id = managed_guild(interaction)
        when = None
        if interaction.channel_id is not None and (share is not None or hour is not None):
            when = AutoRetrain(guild_id, interaction.channel_id, share and share / 100, hour)
        await interaction.client.store.datasets.retrain_when(guild_id, when, by=interaction.user.id)
        await tell(interaction, _told(share, hour))


def _told(share: int | None, hour: int | None) -> str:
    if share is None and hour is None:
        return _("The model is trained when someone asks for it, and not by itself.")
    told = [_("What comes of it is shown in this channel.")]
    if hour is not None:
        told.insert(0, _("The model is trained once a week at {hour}:00 UTC.", hour=hour))
    if share is not None:
        changed = _(
            "The model is trained when {share} % of this server's own names have changed.", share=share
        )
        told.insert(0, changed)
    return " ".join(told)


def _one_of(known: Mapping[NameT, str], typed: str) -> NameT:
    for name in known:
        if name == typed:
            return name
    raise Refusal("There is nothing of that kind: choose {known}.", known=", ".join(known))


async def _choices(
    interaction: Interaction, typed: str, told: Mapping[NameT, str], wish: Callable[[NameT], Wish]
) -> Choices:
    """What there is to choose, each with a sentence and how long such trainings took here."""
    found = [name for name in told if name.startswith(typed.strip().lower())]
    shown = []
    for name in found:
        seconds = await interaction.client.trainer.expected(interaction.guild_id, wish(name))
        took = _("about {duration} here", duration=duration(seconds)) if seconds else _("not tried here yet")
        shown.append(f"{name}: {_(told[name])} ({took})")
    return choices(shown, [str(name) for name in found])
