"""The card of a training run: how far it is, how it ended, and its buttons."""

import io
from collections.abc import Mapping, Sequence
from typing import Any, Self

import discord

from bot.errors import Refusal
from bot.localisation import N_, _, decimals, duration, ngettext
from bot.sentences import parts
from bot.store import BASE, ENDS, Run, RunStatus, UnknownModel
from bot.text import plain
from bot.training.comparison import Written
from bot.training.outcome import Outcome, outcome_of
from bot.training.plan import Plan
from bot.training.trainer import Turn
from bot.ui.card import Card
from bot.ui.names import ACCENT
from bot.ui.persistent import NumberedButton
from bot.ui.replies import Interaction, aloud

_BAR = 20  # squares

_HEADINGS: dict[RunStatus, tuple[str, str]] = {
    RunStatus.QUEUED: (N_("Waiting to train this server's model"), N_("Waiting to train the shared model")),
    RunStatus.RUNNING: (N_("Training this server's model"), N_("Training the shared model")),
    RunStatus.CANCELLING: (
        N_("Stopping the training of this server's model"),
        N_("Stopping the training of the shared model"),
    ),
    RunStatus.SUCCEEDED: (N_("Trained this server's model"), N_("Trained the shared model")),
    RunStatus.REJECTED: (
        N_("Trained this server's model: it is worse than the old one"),
        N_("Trained the shared model: it is worse than the old one"),
    ),
    RunStatus.CANCELLED: (
        N_("Cancelled the training of this server's model"),
        N_("Cancelled the training of the shared model"),
    ),
    RunStatus.FAILED: (
        N_("The training of this server's model failed"),
        N_("The training of the shared model failed"),
    ),
    RunStatus.INTERRUPTED: (
        N_("The training of this server's model was interrupted, and goes on by itself"),
        N_("The training of the shared model was interrupted, and goes on by itself"),
    ),
}
"""For a server's own model, and for the one that all share."""

_PICTURES = {
    "loss": N_("The loss by step of training"),
    "categories": N_("The loss of each category before and after"),
}


class Cancel(NumberedButton, kind="cancel", label=N_("Cancel"), style=discord.ButtonStyle.danger):
    """Stops a run."""

    async def press(self, interaction: Interaction) -> None:
        run = await _own_run(interaction, self.number)
        await interaction.response.defer()
        await interaction.client.trainer.cancel(run.id)


class StartAgain(NumberedButton, kind="retrain", label=N_("Start again"), style=discord.ButtonStyle.primary):
    """Starts a run anew that did not come to its end."""

    async def press(self, interaction: Interaction) -> None:
        run = await _own_run(interaction, self.number)
        wish = Plan.of(run).wish(run)
        await interaction.client.retrain(interaction, wish, base=run.guild_id == BASE)


class UseOld(NumberedButton, kind="use-old", label=N_("Keep the old one")):
    """Has the model in use that was before a run."""

    async def press(self, interaction: Interaction) -> None:
        run, outcome = await _own_outcome(interaction, self.number)
        await _use(interaction, run, outcome.replaces)


class UseNew(NumberedButton, kind="use-new", label=N_("Use the new one"), style=discord.ButtonStyle.primary):
    """Has the model in use that a run came to."""

    async def press(self, interaction: Interaction) -> None:
        run, outcome = await _own_outcome(interaction, self.number)
        await _use(interaction, run, outcome.model.id)


class RunCard(Card):
    """A run as it stands; at its end with what it changed."""

    def __init__(
        self,
        run: Run,
        turn: Turn | None = None,
        outcome: Outcome | None = None,
        pictures: Mapping[str, bytes] | None = None,
    ) -> None:
        super().__init__()
        self._pictures = {kind: pictures[kind] for kind in _PICTURES if pictures and kind in pictures}
        card: discord.ui.Container[Self] = discord.ui.Container(accent_colour=ACCENT)
        card.add_item(discord.ui.TextDisplay(f"### {_heading(run)}\n-# {_what(run)}"))
        lines = _outcome_lines(outcome) if outcome else _lines(run, turn)
        card.add_item(discord.ui.TextDisplay("\n".join(lines)))
        if self._pictures:
            card.add_item(_gallery(self._pictures))
        if samples := _samples(run, outcome):
            card.add_item(discord.ui.TextDisplay(samples))
        if buttons := _buttons(run, outcome):
            card.add_item(discord.ui.ActionRow(*buttons))
        self.add_item(card)

    def files(self) -> list[discord.File]:
        """What must be sent with the card."""
        return [discord.File(io.BytesIO(picture), f"{kind}.png") for kind, picture in self._pictures.items()]


async def may_train(interaction: Interaction, *, base: bool) -> None:
    """Check the one who asks, at the moment of asking: Discord's own permissions are but a hint.

    Raises:
        Refusal: with what is needed.
    """
    if base:
        if not await interaction.client.is_owner(interaction.user):
            raise Refusal("The model that all servers share is retrained by the bot's owner alone.")
    else:
        managed_guild(interaction)


def managed_guild(interaction: Interaction) -> int:
    """The server of one who may manage it, asked for at the moment of asking.

    Raises:
        Refusal: where they may not.
    """
    if interaction.guild_id is None or not interaction.permissions.manage_guild:
        raise Refusal("You need the permission Manage Server for that.")
    return interaction.guild_id


async def _own_run(interaction: Interaction, run_id: int) -> Run:
    """The run of a button, if it is of this server and the one who pressed may say so."""
    run = await interaction.client.store.runs.get(run_id)
    if run is None or run.guild_id not in (BASE, interaction.guild_id):
        raise Refusal("That training is not known any more. Start one with /retrain.")
    await may_train(interaction, base=run.guild_id == BASE)
    return run


async def _own_outcome(interaction: Interaction, run_id: int) -> tuple[Run, Outcome]:
    run = await _own_run(interaction, run_id)
    outcome = await outcome_of(run, interaction.client.store)
    if outcome is None:
        raise Refusal("That training came to no model.")
    return run, outcome


async def _use(interaction: Interaction, run: Run, model_id: int | None) -> None:
    """Put a model in use, and mend the card."""
    store = interaction.client.store
    try:
        if model_id is None:
            raise UnknownModel(0)
        await put_in_use(interaction, run.guild_id, model_id)
    except UnknownModel as error:
        raise Refusal("That model is not kept any more: /models shows those that are.") from error
    # The pictures of the message stay as they are.
    shown = dict.fromkeys(
        attachment.filename.removesuffix(".png")
        for attachment in (interaction.message.attachments if interaction.message else ())
    )
    outcome = await outcome_of(run, store)
    with aloud(interaction):
        card = RunCard(run, None, outcome, dict.fromkeys(shown, b""))
    await interaction.response.edit_message(view=card)


async def put_in_use(interaction: Interaction, guild_id: int, model_id: int) -> None:
    """Put a model in use in a guild, or in the base; the base's current one means to go with the base.

    Raises:
        UnknownModel: where it is not there, not theirs, or its weights are not kept.
    """
    store, generators = interaction.client.store, interaction.client.generators
    model = await store.models.get(model_id)
    if model is None or model.guild_id not in (guild_id, BASE):
        raise UnknownModel(model_id)  # before it is loaded: nobody is to feel what others try
    base = await store.models.active_own(BASE)
    if guild_id != BASE and base is not None and base.id == model_id:
        await store.models.follow_base(guild_id)
    else:
        await generators.load(model_id)  # one that can't be used is refused with a sentence
        await store.models.activate(guild_id, model_id)
    await generators.of_guild(guild_id)  # have it at hand


def _heading(run: Run) -> str:
    own, shared = _HEADINGS[run.status]
    return _(shared if run.guild_id == BASE else own)


def _what(run: Run) -> str:
    """What is trained, and on what."""
    plan = Plan.of(run)
    told = [_("{network} network, recipe {recipe}", network=run.network, recipe=run.recipe)]
    if plan.names:
        told.append(ngettext("{count} name", "{count} names", plan.names))
        told.append(ngettext("{count} category", "{count} categories", plan.categories))
    told.append(_("fresh") if plan.start_from is None else _("from the current model"))
    return " · ".join(told)


def _lines(run: Run, turn: Turn | None) -> list[str]:
    if run.status in ENDS or run.status is RunStatus.INTERRUPTED:
        number = [_("-# In the log it is `{error_id}`.", error_id=run.error_id)] if run.error_id else []
        return [_told(run.error) if run.error else _("The model in use stays as it was."), *number]
    if turn is not None:
        return [_place(turn)]
    progress = run.progress
    if progress is None or not progress.steps:
        return [f"`{'░' * _BAR}` 0%", _("-# Getting ready…")]
    done = progress.step / progress.steps
    filled = round(done * _BAR)
    told = [_("epoch {epoch} of {epochs}", epoch=progress.epoch, epochs=progress.epochs)]
    if progress.train_loss is not None:
        told.append(_("loss {loss}", loss=decimals(progress.train_loss)))
    if progress.validation_loss is not None:
        told.append(_("held out {loss}", loss=decimals(progress.validation_loss)))
    if progress.remaining is not None:
        told.append(_("{duration} left", duration=duration(progress.remaining)))
    return [f"`{'█' * filled}{'░' * (_BAR - filled)}` {done:.0%}", f"-# {' · '.join(told)}"]


def _told(error: str) -> str:
    """Why a run ended so, or goes on anew; its values may be of strangers' making."""
    return " ".join(_(sentence, **_shown(values)) for sentence, values in parts(error))


def _shown(values: Mapping[str, object]) -> Mapping[str, object]:
    return {name: plain(value) if isinstance(value, str) else value for name, value in values.items()}


def _place(turn: Turn) -> str:
    place = _("It is next.") if turn.place == 1 else _("It is number {place} in the queue.", place=turn.place)
    if turn.starts_in is None:
        return place
    if turn.starts_in < 1:
        return place + " " + _("It starts at once.")
    return place + " " + _("It starts in about {duration}.", duration=duration(turn.starts_in))


def _outcome_lines(outcome: Outcome) -> list[str]:
    means = outcome.comparison.means if outcome.comparison else None
    loss = outcome.model.held_out_loss
    lines = []
    if means is not None:
        lines.append(
            _(
                "Loss on held-out names: {before} before, **{after}** now (nats a letter, less is better)",
                before=decimals(means[0]),
                after=decimals(means[1]),
            )
        )
    elif loss is not None:
        lines.append(
            _("Loss on held-out names: **{loss}** (nats a letter, less is better)", loss=decimals(loss))
        )
    in_use = _("The new one is in use.") if outcome.in_use else _("The new one is not in use.")
    return [*lines, in_use]


def _samples(run: Run, outcome: Outcome | None) -> str:
    """Names of the network at this moment, or at the end those of both models."""
    if outcome is None:
        written = run.progress.samples if run.progress and run.status not in ENDS else {}
        return "\n".join(f"**{plain(category)}** {_listed(names)}" for category, names in written.items())
    if outcome.comparison is None:
        return ""
    lines = []
    for category, (before, after) in outcome.comparison.samples.items():
        lines.append(f"**{plain(category)}**")
        lines += [_("before: {names}", names=_listed([name.text for name in before]))] if before else []
        lines.append(_("now: {names}", names=_listed([name.text for name in after])))
    old = [name for before, _ in outcome.comparison.samples.values() for name in before]
    new = [name for _, after in outcome.comparison.samples.values() for name in after]
    lines += [_("-# In no list before: {new} of {all}", new=_new(old), all=len(old))] if old else []
    return "\n".join([*lines, _("-# In no list now: {new} of {all}", new=_new(new), all=len(new))])


def _new(names: Sequence[Written]) -> int:
    return sum(name.novel for name in names)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(plain(name) for name in names)


def _gallery(kinds: Mapping[str, bytes]) -> discord.ui.MediaGallery[Any]:
    shown: discord.ui.MediaGallery[Any] = discord.ui.MediaGallery()
    for kind in kinds:
        shown.add_item(media=f"attachment://{kind}.png", description=_(_PICTURES[kind]))
    return shown


def _buttons(run: Run, outcome: Outcome | None) -> list[NumberedButton]:
    if run.status in (RunStatus.QUEUED, RunStatus.RUNNING, RunStatus.INTERRUPTED):
        return [Cancel(run.id)]
    if run.status in (RunStatus.FAILED, RunStatus.CANCELLED):
        return [StartAgain(run.id)]
    if outcome is not None and outcome.replaces is not None:
        return [
            UseOld(run.id, disabled=not outcome.in_use),
            UseNew(run.id, disabled=outcome.in_use),
        ]
    return []
