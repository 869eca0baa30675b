"""Trainings that nobody asks for: when a server's names have changed, or once a week at a quiet hour."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from discord.ext import tasks

from bot.datasets import Datasets
from bot.errors import Refusal
from bot.loops import end
from bot.store import AutoRetrain, Run, RunInProgress, Store, StoreError
from model import Corpus, ModelError

log = logging.getLogger(__name__)

_EVERY = 10  # minutes between looks
_WEEK = timedelta(days=7)
_REST = timedelta(days=1)  # after a training, whoever asked for it

Train = Callable[[AutoRetrain], Awaitable[None]]
"""Queues a training, and shows it in the channel that was chosen."""


class Schedule:
    """Looks now and then whether a training is due."""

    def __init__(self, store: Store, datasets: Datasets, train: Train) -> None:
        self._store, self._datasets, self._train = store, datasets, train
        self._looks = tasks.loop(minutes=_EVERY)(self._look)

    def start(self) -> None:
        self._looks.start()

    async def close(self) -> None:
        await end(self._looks)

    async def _look(self) -> None:
        try:
            await self.look(datetime.now(UTC))
        except StoreError as error:  # the loop would end for good; the next look is soon
            log.warning("it could not be seen which trainings are due: %s", error)

    async def look(self, now: datetime) -> None:
        """Train what is due at a time."""
        for when in await self._store.datasets.auto_retrain():
            try:
                if await self._is_due(when, now):
                    await self._train(when)
            except (Refusal, ModelError, RunInProgress) as refusal:
                log.warning("guild %s could not be retrained: %s", when.guild_id, refusal)
            except StoreError:
                raise
            except Exception:
                log.exception("guild %s could not be retrained", when.guild_id)

    async def _is_due(self, when: AutoRetrain, now: datetime) -> bool:
        latest = await self._store.runs.latest(when.guild_id)
        since = now - latest.requested_at if latest else _WEEK
        if since < _REST:
            return False
        if when.hour == now.hour and since >= _WEEK - timedelta(hours=1):
            return True
        return when.share is not None and await self._changed(when.guild_id, latest) >= when.share

    async def _changed(self, guild_id: int, latest: Run | None) -> float:
        """How many names there are to be learned or forgotten, as a share of the server's own."""
        archive = await self._learned(guild_id, latest)
        if archive is None:
            return 0.0
        learned = (await asyncio.to_thread(Corpus.read, archive)).names
        corpus = (await self._datasets.corpus(guild_id)).names
        changed = sum(
            len({*corpus.get(category, ())} ^ {*learned.get(category, ())})
            for category in corpus.keys() | learned.keys()
        )
        own = await self._store.datasets.everything(guild_id)
        return changed / max(1, sum(map(len, own.values())))

    async def _learned(self, guild_id: int, latest: Run | None) -> bytes | None:
        """What the last training learned if it came to a model, else what the model in use did.

        Where they differ, the new one was worse, or an admin went back: the same names won't do better.
        """
        if latest is not None and latest.model_id is not None:
            return await self._store.runs.archive(latest.id)
        model = await self._store.models.active(guild_id)
        return None if model is None or model.run_id is None else await self._store.runs.archive(model.run_id)
