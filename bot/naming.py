"""Making names for a member: from what was asked, through the generator and the store, to what is shown."""

import logging
import secrets
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.errors import Refusal, error_id
from bot.generators import Generators, Serving
from bot.store import BASE, Generation, NewGeneration, NewName, Store, StoreError
from model import Name, UnknownCategory
from model.text import fold

log = logging.getLogger(__name__)

MOST_LETTERS = 10
MOST_NAMES = 10

_RECENT = 1000  # generations from which the popular languages are counted at the start


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, and where; without a guild it is in direct messages."""

    guild_id: int | None
    channel_id: int | None
    user_id: int


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for. Without a count there is one name for each letter, or three."""

    language: str
    letters: str | None
    count: int | None
    temperature: float

    def checked(self) -> "Request":
        """The same with its letters put together.

        Raises:
            Refusal: where there are none, or too many.
        """
        if self.letters is None:
            return self
        letters = "".join(self.letters.split())
        if not letters:
            raise Refusal("There are no letters in that: give first letters, such as rus, or leave them out.")
        if len(letters) > MOST_LETTERS:
            raise Refusal(f"Those are {len(letters)} letters: give up to {MOST_LETTERS}, one for each name.")
        return replace(self, letters=letters)


@dataclass(frozen=True, slots=True)
class Made:
    """New names, and how they came about; `generation_id` is None if they could not be kept."""

    names: Sequence[Name]
    language: str
    user_id: int
    seed: int
    generation_id: int | None


class Naming:
    """Makes names and keeps them."""

    def __init__(self, store: Store, generators: Generators) -> None:
        self._store = store
        self._generators = generators
        self._asked: Counter[str] = Counter()

    async def prepare(self) -> None:
        """Learn what is popular, and have the base model at hand."""
        self._asked.update(await self._store.history.popular_languages(_RECENT))
        await self._generators.of_guild(None)

    async def is_quick(self, guild_id: int | None) -> bool:
        """Whether an answer needs no model to be loaded first."""
        return not await self._generators.must_load(guild_id)

    def complete(self, guild_id: int | None, typed: str) -> list[str]:
        """Languages that begin with what was typed, then those that contain it, the popular ones first."""
        serving = self._generators.remembered(guild_id)
        if serving is None:
            return []
        counts = serving.generator.card.counts
        wanted = fold(typed.strip())
        found = [category for category in counts if wanted in fold(category)]
        return sorted(
            found,
            key=lambda category: (
                not fold(category).startswith(wanted),
                -self._asked[category],
                -counts[category],
            ),
        )

    def known_language(self, guild_id: int | None, typed: str) -> str:
        """The language's name as the generator spells it, or as typed if it isn't one of its."""
        serving = self._generators.remembered(guild_id)
        try:
            return serving.generator.find_category(typed) if serving else typed.strip()
        except UnknownCategory:
            return typed.strip()  # the history may hold languages that the model in use has not

    async def make(self, asker: Asker, request: Request) -> Made:
        """Make the names asked for, and keep them.

        Raises:
            Refusal, ModelError: with a sentence for the one who asks.
        """
        request = request.checked()
        serving = await self._serving(asker.guild_id)
        generator = serving.generator
        language = generator.find_category(request.language)
        seed = secrets.randbits(31)
        names = await self._generators.run(
            lambda: generator.sample(
                language,
                letters=request.letters,
                count=request.count,
                temperature=request.temperature,
                novel="prefer",
                seed=seed,
            )
        )
        self._asked[language] += 1
        generation_id = await self._keep(
            NewGeneration(
                guild_id=asker.guild_id,
                channel_id=asker.channel_id,
                user_id=asker.user_id,
                language=language,
                letters=request.letters,
                count=len(names),
                temperature=request.temperature,
                seed=seed,
                model_id=serving.model_id,
                names=tuple(NewName(name.text, name.log_prob, name.novel) for name in names),
            )
        )
        return Made(names, language, asker.user_id, seed, generation_id)

    async def again(self, asker: Asker, generation_id: int) -> Made:
        """Make new names of the kind of an earlier generation, as `make`."""
        earlier = await self._store.history.generation(generation_id)
        if earlier is None or not _in_reach(earlier, asker):
            raise Refusal("Those names are gone from the history. Ask for new ones with /name.")
        return await self.make(
            asker, Request(earlier.language, earlier.letters, earlier.count, earlier.temperature)
        )

    async def _serving(self, guild_id: int | None) -> Serving:
        serving = await self._generators.of_guild(guild_id)
        if serving is None:
            raise Refusal(await self._not_yet())
        return serving

    async def _not_yet(self) -> str:
        """How far the first training is."""
        run = await self._store.runs.latest(BASE)
        if run is None or run.progress is None or not run.progress.steps:
            return "I am about to learn my first names. Try again in a minute."
        done = run.progress.step / run.progress.steps
        return f"I am still learning my first names, {done:.0%} done. Try again in a minute."

    async def _keep(self, generation: NewGeneration) -> int | None:
        """Store the names; None, and a line in the log, if they could not be."""
        try:
            return (await self._store.history.keep(generation)).id
        except StoreError:
            log.exception("error %s: names could not be kept", error_id())
            return None


def _in_reach(generation: Generation, asker: Asker) -> bool:
    """Whether the generation was made where it is asked about: in that server, or that direct chat."""
    if generation.guild_id is None and asker.guild_id is None:
        return generation.channel_id == asker.channel_id
    return generation.guild_id == asker.guild_id
