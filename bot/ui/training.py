"""The card of a training run: how far it is, how it ended, and its buttons."""

from typing import Self

import discord

from bot.errors import Refusal
from bot.localisation import duration
from bot.store import BASE, ENDS, Run, RunStatus
from bot.text import plain
from bot.training.outcome import Outcome
from bot.ui.names import ACCENT
from bot.ui.persistent import NumberedButton
from bot.ui.pictures import attached, gallery
from bot.ui.replies import Interaction

_BAR = 20  # squares

_HEADINGS: dict[RunStatus, str] = {
    RunStatus.QUEUED: "Waiting to train {}",
    RunStatus.RUNNING: "Training {}",
    RunStatus.CANCELLING: "Stopping the training of {}",
    RunStatus.SUCCEEDED: "Trained {}: it is in use",
    RunStatus.REJECTED: "Trained {}: it is worse, so the old one stays in use",
    RunStatus.CANCELLED: "Cancelled the training of {}",
    RunStatus.FAILED: "The training of {} failed",
    RunStatus.INTERRUPTED: "The training of {} was interrupted",
}


class Cancel(NumberedButton, kind="cancel", label="Cancel", style=discord.ButtonStyle.danger):
    """Stops a run."""

    async def press(self, interaction: Interaction) -> None:
        run = await _own_run(interaction, self.number)
        await interaction.response.defer()
        await interaction.client.trainer.cancel(run.id)
        await _refresh(interaction, run)


class StartAgain(NumberedButton, kind="retrain", label="Start again", style=discord.ButtonStyle.primary):
    """Starts a run anew that did not come to its end."""

    async def press(self, interaction: Interaction) -> None:
        run = await _own_run(interaction, self.number)
        await interaction.client.retrain(interaction, base=run.guild_id == BASE)


class RunCard(discord.ui.LayoutView):
    """A run as it stands; at its end with what it changed and a picture of the loss."""

    def __init__(self, run: Run, outcome: Outcome | None = None) -> None:
        super().__init__(timeout=None)
        self._outcome = outcome
        card: discord.ui.Container[Self] = discord.ui.Container(accent_colour=ACCENT)
        card.add_item(discord.ui.TextDisplay(f"### {_heading(run)}"))
        card.add_item(discord.ui.TextDisplay("\n".join(_outcome_lines(outcome) if outcome else _lines(run))))
        if outcome:
            card.add_item(gallery("The loss by step of training"))
        if run.status in (RunStatus.QUEUED, RunStatus.RUNNING):
            card.add_item(discord.ui.ActionRow(Cancel(run.id)))
        elif run.status in (RunStatus.INTERRUPTED, RunStatus.FAILED, RunStatus.CANCELLED):
            card.add_item(discord.ui.ActionRow(StartAgain(run.id)))
        self.add_item(card)

    def files(self) -> list[discord.File]:
        """What must be sent with the card."""
        return attached(self._outcome.picture) if self._outcome else []


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


async def _refresh(interaction: Interaction, run: Run) -> None:
    newest = await interaction.client.store.runs.get(run.id)
    if newest is not None and newest.status not in ENDS:
        await interaction.edit_original_response(view=RunCard(newest))


def _heading(run: Run) -> str:
    return _HEADINGS[run.status].format("the shared model" if run.guild_id == BASE else "this server's model")


def _lines(run: Run) -> list[str]:
    if run.status in ENDS:
        return [run.error or "The model in use stays as it was."]
    progress = run.progress
    if progress is None or not progress.steps:
        return [f"`{'░' * _BAR}` 0%", "-# Getting ready…"]
    done = progress.step / progress.steps
    filled = round(done * _BAR)
    told = [f"epoch {progress.epoch} of {progress.epochs}"]
    if progress.train_loss is not None:
        told.append(f"loss {progress.train_loss:.3f}")
    if progress.validation_loss is not None:
        told.append(f"held out {progress.validation_loss:.3f}")
    if progress.remaining is not None:
        told.append(f"{duration(progress.remaining)} left")
    return [f"`{'█' * filled}{'░' * (_BAR - filled)}` {done:.0%}", f"-# {' · '.join(told)}"]


def _outcome_lines(outcome: Outcome) -> list[str]:
    before = f"{outcome.before:.3f} before, " if outcome.before is not None else ""
    lines = [f"Loss on held-out names: {before}**{outcome.after:.3f}** now (nats a letter, less is better)"]
    for sample in outcome.samples:
        was = f"{plain(sample.before)} → " if sample.before else ""
        lines.append(f"{plain(sample.language)}: {was}**{plain(sample.after)}**")
    return lines
