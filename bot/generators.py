"""Which generator serves whom, and its work, kept off the event loop."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

import torch

from bot.errors import Refusal, error_id
from bot.store import BASE, Store, UnknownModel
from model import CheckpointError, Generator, memory

log = logging.getLogger(__name__)


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Serving:
    """A generator in use, under the number of its model."""

    model_id: int
    generator: Generator


class Generators:
    """Loads models when they are first needed, and keeps the last used ones in memory.

    Which model is active is read from the database at every request, so all processes see a new one
    at the same moment; nothing that is in use is ever changed or emptied.
    """

    def __init__(self, store: Store, most: int = 4) -> None:
        """Keep up to so many in memory, two at least: the base's and another; each is some 30 MiB."""
        self._store, self._most = store, most
        self._loaded: OrderedDict[int, Serving] = OrderedDict()
        self.hits = self.misses = 0
        """How often a model was asked for that was in memory, and how often one that was not."""
        self._newest: dict[int, int] = {}  # guild -> the model it was last seen with
        # One thread, and one of torch's: a few names gain nothing from more, and the other cores serve
        # the event loop and a training.
        torch.set_num_threads(1)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="generator")

    @property
    def loaded(self) -> int:
        """How many models are in memory."""
        return len(self._loaded)

    async def of_guild(self, guild_id: int | None) -> Serving | None:
        """What serves a guild, or direct messages: its own active model, else the base's, else none yet.

        Raises:
            Refusal: where the model is damaged and there is no other.
        """
        guild = guild_id or BASE
        model = await self._store.models.active(guild)
        if model is None:
            return None
        try:
            serving = await self.load(model.id)
        except (CheckpointError, UnknownModel) as error:
            log.error("error %s: model %s can't be used: %s", error_id(), model.id, error)
            serving = await self._use_one_before(guild, model.id)
        self._newest[guild] = serving.model_id
        return serving

    async def _use_one_before(self, guild_id: int, model_id: int) -> Serving:
        """Put another model in use where this one is chosen: the newest that can be, the base's at last.

        Raises:
            Refusal: where there is none.
        """
        chosen_in = guild_id if await self._store.models.active_own(guild_id) else BASE
        for owner in dict.fromkeys((chosen_in, BASE)):
            for candidate in await self._store.models.available(owner):
                with suppress(CheckpointError, UnknownModel):
                    serving = await self.load(candidate.id)
                    await self._store.models.activate(chosen_in, candidate.id)
                    log.warning("model %s is used instead of model %s", candidate.id, model_id)
                    return serving
        raise Refusal("The model in use is damaged, and there is no other: train a new one with /retrain.")

    async def load(self, model_id: int) -> Serving:
        """The generator of a model.

        Raises:
            CheckpointError, UnknownModel: where it can't be used.
        """
        if (loaded := self._loaded.get(model_id)) is not None:
            self.hits += 1
            self._loaded.move_to_end(model_id)
            return loaded
        self.misses += 1
        weights = await self._store.models.weights(model_id)
        serving = Serving(model_id, await self.run(lambda: _from_bytes(weights)))
        self._loaded[model_id] = serving
        while len(self._loaded) > self._most:
            # Not the base's, from which most servers and all direct messages are answered and completed.
            del self._loaded[next(other for other in self._loaded if other != self._newest.get(BASE))]
        return serving

    async def must_load(self, guild_id: int | None) -> bool:
        """Whether what last served a guild isn't in memory; the database is asked the first time only."""
        guild = guild_id or BASE
        if guild not in self._newest:
            model = await self._store.models.active(guild)
            return model is not None and model.id not in self._loaded
        return self._newest[guild] not in self._loaded

    def remembered(self, guild_id: int | None) -> Serving | None:
        """What last served there, if it is in memory: for answers that must not wait."""
        for guild in (guild_id or BASE, BASE):
            model_id = self._newest.get(guild)
            if model_id is not None and model_id in self._loaded:
                return self._loaded[model_id]
        return None

    async def run(self, work: Callable[[], T]) -> T:
        """Do a generator's work in its thread, so that the event loop goes on."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)


def _from_bytes(weights: bytes) -> Generator:
    generator = Generator.from_bytes(weights)
    memory.give_back()
    return generator
