"""Making names for a member: from what was asked, through the generator and the store, to what is shown."""

import logging
import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Self

from bot.decency import Decency
from bot.errors import Gone, Refusal, error_id
from bot.generators import Generators, Serving
from bot.requests import Asker, Length, Request
from bot.store import BASE, Generation, NewGeneration, NewName, Store, StoreError
from model import Generator, Name, UnknownCategory, plots
from model.drawing import Novel
from model.text import fold

log = logging.getLogger(__name__)

_RECENT = 1000  # generations from which the popular languages are counted at the start
_MANY = 10  # names that "more like this" makes


@dataclass(frozen=True, slots=True)
class Made:
    """New names, and how they came about; `generation_id` is None if they could not be kept."""

    names: Sequence[Name]
    language: str
    user_id: int
    seed: int
    generation_id: int | None
    name_ids: Sequence[int] = ()
    stars: Mapping[int, int] = field(default_factory=dict)
    """How many members keep a name, by its ID."""
    wanted_new: bool = True

    @classmethod
    def of(cls, kept: Generation) -> Self:
        """As it was kept, with the stars that its names have by now."""
        return cls(
            names=[Name(name.text, name.log_prob, name.novel) for name in kept.names],
            language=kept.language,
            user_id=kept.user_id,
            seed=kept.seed,
            generation_id=kept.id,
            name_ids=[name.id for name in kept.names],
            stars={name.id: name.stars for name in kept.names},
            wanted_new=kept.novel,
        )


@dataclass(frozen=True, slots=True)
class Starred:
    """A name that a member now keeps, or no longer, and the names it came with."""

    text: str
    now: bool
    made: Made


@dataclass(frozen=True, slots=True)
class Origin:
    """How probable each language is for a name, the likeliest first, and a picture of it."""

    name: str
    probabilities: Mapping[str, float]
    picture: bytes


class Naming:
    """Makes names and keeps them."""

    def __init__(self, store: Store, generators: Generators, decency: Decency) -> None:
        self._store = store
        self._decency = decency
        self._generators = generators
        self._asked: Counter[str] = Counter()

    async def prepare(self) -> None:
        """Learn what is popular, and have the base model at hand."""
        self._asked.update(await self._store.history.popular_languages(_RECENT))
        with suppress(Refusal):  # one that is damaged is told of when names are asked for
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
        languages = _found(generator, request.languages)
        shortest, longest = _bounds(generator, languages, request.length)
        seed = secrets.randbits(31) if request.seed is None else request.seed
        novel: Novel = "prefer" if request.new_only is None else request.new_only
        names = await self._generators.run(
            lambda: generator.sample(
                languages,
                letters=request.letters,
                prefix=request.prefix or "",
                count=request.count,
                temperature=request.temperature,
                min_length=shortest,
                max_length=longest,
                novel=novel,
                accept=lambda name: self._decency.allows(name, generator.card.names, languages),
                seed=seed,
            )
        )
        self._asked.update(languages.keys())
        language = " × ".join(languages)
        new = NewGeneration(
            guild_id=asker.guild_id,
            channel_id=asker.channel_id,
            user_id=asker.user_id,
            language=language,
            blend=languages if len(languages) > 1 else None,
            letters=request.letters,
            prefix=request.prefix,
            count=len(names),
            temperature=request.temperature,
            min_length=shortest,
            max_length=longest,
            novel=request.new_only is not False,
            seed=seed,
            model_id=serving.model_id,
            names=tuple(NewName(name.text, name.log_prob, name.novel) for name in names),
        )
        kept = await self._keep(new)
        if kept is None:
            return Made(names, language, asker.user_id, seed, None, wanted_new=new.novel)
        return Made.of(kept)

    async def again(self, asker: Asker, generation_id: int) -> Made:
        """Make new names of the kind of an earlier generation, as `make`."""
        return await self.make(asker, Request.like(await self.earlier(asker, generation_id)))

    async def more(self, asker: Asker, generation_id: int) -> Made:
        """Make many more of that kind."""
        request = Request.like(await self.earlier(asker, generation_id))
        return await self.make(asker, replace(request, count=_MANY))

    async def in_mood(self, asker: Asker, generation_id: int, temperature: float) -> Made:
        """Make new names of that kind, more or less daring."""
        request = Request.like(await self.earlier(asker, generation_id))
        return await self.make(asker, replace(request, temperature=temperature))

    async def earlier(self, asker: Asker, generation_id: int) -> Generation:
        """A generation that was made where it is asked about.

        Raises:
            Gone: where there is none.
        """
        earlier = await self._store.history.generation(generation_id)
        if earlier is None or not asker.reaches(earlier.guild_id, earlier.channel_id):
            raise Gone("Those names are gone from the history. Ask for new ones with /name.")
        return earlier

    async def made(self, asker: Asker, generation_id: int) -> Made | None:
        """What is left of a generation that was made where it is asked about, if anything is."""
        try:
            return Made.of(await self.earlier(asker, generation_id))
        except Gone:
            return None

    async def origin(self, asker: Asker, name: str) -> Origin:
        """Which languages a name sounds like.

        Raises:
            Refusal, ModelError: with a sentence for the one who asks.
        """
        generator = (await self._serving(asker.guild_id)).generator

        def work() -> Origin:
            probabilities = generator.classify(name)
            ordered = dict(sorted(probabilities.items(), key=lambda item: -item[1]))
            return Origin(name.strip(), ordered, plots.origins(name.strip(), ordered))

        return await self._generators.run(work)

    async def written(self, asker: Asker, generation_id: int) -> bytes:
        """A picture of the network writing the first name of a generation, letter by letter."""
        earlier = await self.earlier(asker, generation_id)
        generator = (await self._serving(asker.guild_id)).generator
        languages = _found(generator, earlier.blend or {earlier.language: 1.0})
        category = max(languages, key=languages.__getitem__)
        name = earlier.names[0].text
        return await self._generators.run(
            lambda: plots.writing(name, generator.next_letters(category, name), category)
        )

    async def star(self, asker: Asker, name_id: int) -> Starred:
        """Keep a name among the asker's favourites, or, if it is there, no longer.

        Raises:
            Gone: where the name is.
        """
        name = await self._store.history.name(name_id)
        if name is None or not asker.reaches(name.guild_id, name.channel_id):
            raise Gone("That name is gone from the history. Ask for new ones with /name.")
        now = await self._store.stars.star(asker.user_id, name_id)
        if not now:
            await self._store.stars.unstar(asker.user_id, name_id)
        return Starred(name.text, now, Made.of(await self.earlier(asker, name.generation_id)))

    async def _serving(self, guild_id: int | None) -> Serving:
        serving = await self._generators.of_guild(guild_id)
        if serving is None:
            raise await self._not_yet()
        return serving

    async def _not_yet(self) -> Refusal:
        """How far the first training is."""
        run = await self._store.runs.latest(BASE)
        if run is None or run.progress is None or not run.progress.steps:
            return Refusal("I am about to learn my first names. Try again in a minute.")
        done = f"{run.progress.step / run.progress.steps:.0%}"
        return Refusal("I am still learning my first names, {done} done. Try again in a minute.", done=done)

    async def _keep(self, generation: NewGeneration) -> Generation | None:
        """Store the names; None, and a line in the log, if they could not be."""
        try:
            return await self._store.history.keep(generation)
        except StoreError:
            log.exception("error %s: names could not be kept", error_id())
            return None


def _found(generator: Generator, languages: Mapping[str, float]) -> dict[str, float]:
    """The shares of the languages, each by the name that the generator gives it."""
    found: dict[str, float] = {}
    for language, share in languages.items():
        if share == 0 and len(languages) > 1:
            continue
        category = generator.find_category(language)
        found[category] = found.get(category, 0.0) + share
    return found


def _bounds(
    generator: Generator, languages: Mapping[str, float], length: Length | tuple[int, int]
) -> tuple[int, int]:
    """The fewest and the most letters a name may have."""
    if isinstance(length, tuple):
        return length
    return length.bounds([name for language in languages for name in generator.card.names[language]])
