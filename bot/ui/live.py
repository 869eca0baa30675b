"""The cards of trainings, kept up to date as far as Discord's limits let it."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta

import discord
from discord.ext import commands, tasks

from bot.localisation import speaking
from bot.store import ENDS, Run, Store, StoreError
from bot.training.outcome import outcome_of
from bot.training.trainer import Turn
from bot.ui.training import RunCard

log = logging.getLogger(__name__)

_EVERY = 2.0  # seconds between two edits of a card
_TRIES = 8  # edits that the end of a run is worth, each after twice the time of the one before
_LAST_WORDS = 2.0  # seconds that the last edits may take when the bot closes
_ON_ITS_WAY = timedelta(minutes=1)  # for so long a run's card may not be there yet
_UNKNOWN_MESSAGE = 10008


class LiveCards:
    """Edits each card at most every two seconds, with the newest that there is to show.

    A card that is slow to edit holds up no other. The end of a run is told for certain: its edit is
    tried again, and where the message was deleted it is told in the channel.
    """

    def __init__(self, bot: commands.Bot, store: Store) -> None:
        self._bot, self._store = bot, store
        self._due: dict[int, tuple[Run, Turn | None]] = {}
        self._tries: dict[int, int] = {}
        self._pause: dict[int, int] = {}
        """How many rounds a card sits out before it is tried again."""
        self._editing: dict[int, asyncio.Task[None]] = {}
        self._rounds = tasks.loop(seconds=_EVERY)(self._round)

    async def show(self, run: Run, turn: Turn | None = None) -> None:
        """Have a run's card show this, soon."""
        self._due[run.id] = run, turn
        if not self._rounds.is_running():
            self._rounds.start()

    async def close(self) -> None:
        """Show what is still to be shown, if it takes no longer than a moment."""
        self._rounds.cancel()
        self._pause.clear()
        self._begin_edits()
        if self._editing:
            await asyncio.wait(self._editing.values(), timeout=_LAST_WORDS)
        for editing in self._editing.values():
            editing.cancel()

    async def _round(self) -> None:
        self._begin_edits()
        if not self._due and not self._editing:
            self._rounds.stop()

    def _begin_edits(self) -> None:
        for run_id in list(self._due):
            if self._pause.get(run_id, 0):
                self._pause[run_id] -= 1
            elif run_id not in self._editing:
                run, turn = self._due.pop(run_id)
                self._editing[run_id] = asyncio.create_task(self._bring_up_to_date(run, turn))

    async def _bring_up_to_date(self, run: Run, turn: Turn | None) -> None:
        try:
            await self._edit(run, turn)
        except (discord.HTTPException, StoreError, OSError) as error:
            log.warning("the card of run %s could not be edited: %s", run.id, error)
            if run.status in ENDS:
                self._try_again(run)
        except Exception:
            log.exception("the card of run %s could not be edited", run.id)
        finally:
            self._editing.pop(run.id, None)

    def _try_again(self, run: Run) -> None:
        tries = self._tries[run.id] = self._tries.get(run.id, 0) + 1
        if tries < _TRIES:
            self._pause[run.id] = 2**tries
            self._due.setdefault(run.id, (run, None))

    async def _edit(self, run: Run, turn: Turn | None) -> None:
        run = await self._store.runs.get(run.id) or run  # where its card is may be known only now
        if run.told_at is not None:
            return  # its end is shown, with pictures that are not kept for a second time
        if run.channel_id is not None:
            if run.message_id is None and datetime.now(UTC) - run.requested_at < _ON_ITS_WAY:
                return  # whoever posts the card looks at the run again
            await self._show(run, turn)
        if run.status in ENDS:
            await self._store.runs.told(run.id)

    async def _show(self, run: Run, turn: Turn | None) -> None:
        pictures = await self._store.runs.pictures(run.id)
        outcome = await outcome_of(run, self._store)
        guild = self._bot.get_guild(run.guild_id)
        with speaking(guild.preferred_locale if guild else discord.Locale.american_english):
            card = RunCard(run, turn, outcome, pictures)
        channel = self._bot.get_partial_messageable(run.channel_id or 0)
        try:
            if run.message_id is not None:
                await channel.get_partial_message(run.message_id).edit(view=card, attachments=card.files())
                return
        except discord.NotFound as error:
            if error.code != _UNKNOWN_MESSAGE:
                log.warning("the channel of run %s is gone: %s", run.id, error)
                return
        if run.status in ENDS:
            await self._tell_in(channel, run, card)

    async def _tell_in(self, channel: discord.PartialMessageable, run: Run, card: RunCard) -> None:
        """Tell the end of a run whose card was deleted."""
        try:
            message = await channel.send(view=card, files=card.files())
        except (discord.Forbidden, discord.NotFound) as error:
            log.warning("the end of run %s could not be told in its channel: %s", run.id, error)
            return
        await self._store.runs.follow(run.id, message.channel.id, message.id)
