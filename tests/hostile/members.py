"""The real bot, used by hostile members of a server, and of another one."""

import asyncio
import logging
import re
import sqlite3
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import discord
import simcord
from hypothesis import strategies as st
from simcord.components import walk_components

from bot.requests import Length, Mood
from bot.settings import Settings
from bot.uploads import Bounds, read_lines
from model import Corpus, Generator, train
from model.networks import GruConfig
from model.recipes import Batched
from tests.bot.world import close_world, open_world, publish
from tests.conftest import NAMES
from tests.hostile import texts
from tests.hostile.oracle import leaks

_HOSTILE_CATEGORIES = (
    "**qzx**",
    "@everyone qzx",
    "[qzx](https://qzx.example)",
    "1. qzx <@999999999999999999>",
)
_HOSTILE_NAMES = (
    *(
        "**qzx**",
        "_qzx_",
        "~~qzx~~",
        "||qzx||",
        "`qzx`",
        "# qzx",
        "> qzx",
        "- qzx",
        "1. qzx",
        "[qzx]",
        "qzx\\",
    ),
    *("(https://qzx.example)", "<@999999999999999999>", "@everyone", "<t:0:R> a", "{qzx}", "%s qzx", "$x$"),
)

_A_WHILE = 25  # actions
_UNTIL_EXPIRED = 901.0  # seconds after which discord.py forgets what only one member saw

SHARE = 0.015
"""Of all inputs: those that go through the whole bot."""

languages = st.sampled_from([*NAMES, *_HOSTILE_CATEGORIES]) | texts.typed(100)


@dataclass(frozen=True)
class Use:
    """A command, by whom and with what."""

    who: str
    command: str
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Completion:
    """What is typed into an option that completes."""

    command: str
    option: str
    typed: str


@dataclass(frozen=True)
class Press:
    """A button or a select of the last card, told by its place there."""

    who: str
    place: int


@dataclass(frozen=True)
class Forgery:
    """A button, or a select with its value, that the bot never made."""

    who: str
    custom_id: str
    value: str | None


@dataclass(frozen=True)
class Form:
    """Names that are typed into the form."""

    category: str
    typed: str


def _options(**options: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=options)


_insiders = st.sampled_from(["alice", "boss"])
_all = st.sampled_from(["alice", "boss", "stranger"])
_categories = texts.typed(50)
_plain_files = st.tuples(
    texts.typed(20).map(lambda name: f"{name}.txt"), texts.names.map("\n".join).map(str.encode)
)

actions = st.one_of(
    st.builds(
        lambda who, language, options: Use(who, "name", {"language": language, **options}),
        _insiders,
        languages,
        _options(
            letters=texts.typed(40),
            prefix=texts.typed(15),
            count=st.integers(1, 10),
            mood=st.sampled_from([*Mood]).map(str),
            length=st.sampled_from([*Length]).map(str),
            temperature=st.floats(0, 2),
            new_only=st.booleans(),
            seed=st.integers(0, 2**53 - 1),
            private=st.booleans(),
        ),
    ),
    st.builds(
        lambda first, second, share: Use(
            "alice", "blend", {"first": first, "second": second, "share": share}
        ),
        languages,
        languages,
        st.integers(0, 100),
    ),
    st.builds(lambda name: Use("alice", "origin", {"name": name}), texts.typed(50)),
    st.builds(
        Use,
        _all,
        st.just("history"),
        _options(language=texts.typed(32), text=texts.typed(30), starred=st.booleans()),
    ),
    st.builds(Use, _all, st.sampled_from(["favourites", "top", "about", "help", "privacy"])),
    st.builds(Use, st.just("boss"), st.sampled_from(["dataset list", "dataset export"])),
    st.builds(
        lambda file, options: Use("boss", "dataset add", {"file": file, **options}),
        texts.uploads | _plain_files,
        _options(category=_categories, extends=st.booleans()),
    ),
    st.builds(
        lambda command, category: Use("boss", f"dataset {command}", {"category": category}),
        st.sampled_from(["show", "edit", "remove"]),
        _categories | st.sampled_from(_HOSTILE_CATEGORIES),
    ),
    st.builds(lambda name: Use("boss", "dataset use", {"collection": name}), texts.typed(60)),
    st.builds(Form, _categories, texts.names.map("\n".join) | texts.typed(500)),
    st.builds(Completion, st.just("name"), st.just("language"), texts.typed(100)),
    st.builds(Press, _all, st.integers(0, 40)),
    st.builds(Forgery, _all, texts.custom_ids, st.none() | texts.typed(100)),
)


class Siege:
    """A world, and the judge of all that is done in it. A context manager that closes it."""

    def __enter__(self) -> Self:
        self._runner = asyncio.Runner()
        self._folder = tempfile.TemporaryDirectory()
        self._runner.run(self._open())
        self._errors = _Errors()
        logging.getLogger().addHandler(self._errors)
        return self

    def __exit__(self, *_raised: object) -> None:
        logging.getLogger().removeHandler(self._errors)
        self._world.expected_errors = len(self._world.env.errors)  # `perform` has told of them
        self._runner.run(close_world(self._world))
        self._runner.close()
        self._folder.cleanup()

    def perform(self, action: Any) -> None:
        """Do it. Raises `AssertionError` if a reply has what it must not have, or there is none."""
        self._runner.run(self._perform(action))
        self._done += 1
        if self._done % _A_WHILE == 0:  # the simulated Discord takes longer with each message that may expire
            self._runner.run(self._world.env.advance_time(_UNTIL_EXPIRED))

    async def _open(self) -> None:
        folder = Path(self._folder.name)
        (folder / "names").mkdir()
        for category, names in NAMES.items():
            (folder / "names" / f"{category}.txt").write_text("\n".join(names.split()), "utf-8")
        settings = Settings(
            database_url=f"sqlite+aiosqlite:///{folder}/names.db",
            data_dir=folder / "names",
            member_limits="none",
            server_limits="none",
            upload_kib=64,
        )
        model = _hostile_model()
        await publish(settings, model)
        self._world = world = await open_world(settings)
        await publish(settings, model, world.guild.id)
        elsewhere = world.env.create_guild("Elsewhere")
        self._their_channel = elsewhere.create_text_channel("general")
        self._stranger = elsewhere.add_member(world.env.create_user("stranger"))
        await world.env.settle()
        self._last: Any = None
        self._done = 0
        self._file = folder / "names.db"

    def _place(self, who: str) -> tuple[Any, Any]:
        if who == "stranger":
            return self._stranger, self._their_channel
        return getattr(self._world, who), self._world.channel

    async def _perform(self, action: Any) -> None:
        env = self._world.env
        requests, errors = len(env.http_requests), len(env.errors)
        before = self._of_the_server()
        self._errors.take()  # of an action that has failed already
        try:
            answered = await self._do(action)
        except simcord.SetupError:  # Discord's client would not have sent it
            return
        assert answered is None or answered.acknowledged, "nobody answered"
        assert len(env.errors) == errors, env.errors[errors:]
        assert not self._errors.records, self._errors.take()
        for request in env.http_requests[requests:]:
            _judge(request)
        if isinstance(action, Forgery | Press) and action.who == "stranger":
            assert self._of_the_server() == before, "a stranger changed what is another server's"
        if answered is not None and answered.response is not None and not isinstance(action, Forgery):
            self._last = answered.response

    async def _do(self, action: Any) -> Any:
        match action:
            case Use(who, command, options):
                actor, channel = self._place(who)
                return await actor.slash(channel, command, **options)
            case Completion(command, option, typed):
                offered = await self._world.alice.autocomplete(self._world.channel, command, option, typed)
                assert all(0 < len(choice["name"]) <= 100 and choice["value"] for choice in offered)
                return None
            case Form(category, typed):
                shown = await self._world.boss.slash(self._world.channel, "dataset add", category=category)
                return await self._world.boss.submit_modal(shown, {"names": typed}) if shown.modal else shown
            case Press(who, place):
                return await self._press(who, place)
            case Forgery(who, custom_id, value):
                return await self._forge(who, custom_id, value)
        raise TypeError(action)

    async def _press(self, who: str, place: int) -> Any:
        actor, _ = self._place(who)
        parts = [
            part if isinstance(part, dict) else part.to_dict()
            for part in (self._last.components if self._last else [])
        ]
        usable = [
            part
            for part in walk_components(parts)
            if part["type"] in (2, 3) and not part.get("disabled") and _is_harmless(part.get("custom_id", ""))
        ]
        if not usable:
            return None
        part = usable[place % len(usable)]
        if part["type"] == 2:
            return await actor.click(self._last, custom_id=part["custom_id"])
        options = part["options"]
        return await actor.select(
            self._last, [options[place % len(options)]["value"]], custom_id=part["custom_id"]
        )

    async def _forge(self, who: str, custom_id: str, value: str | None) -> Any:
        actor, channel = self._place(who)
        if not _is_harmless(custom_id):
            return None
        view = discord.ui.LayoutView(timeout=None)
        item: discord.ui.Item[Any]
        if value is None:
            item = discord.ui.Button(label="?", custom_id=custom_id)
        else:
            item = discord.ui.Select(
                custom_id=custom_id, options=[discord.SelectOption(label="?", value=value)]
            )
        view.add_item(discord.ui.ActionRow(item))
        message = await self._world.bot.get_channel(channel.id).send(view=view)
        view.stop()
        await self._world.env.settle()
        if value is None:
            return await actor.click(message, custom_id=custom_id)
        return await actor.select(message, [value], custom_id=custom_id)

    def _of_the_server(self) -> list[tuple[int, ...]]:
        """How much there is of the server that is not the stranger's."""
        with sqlite3.connect(self._file) as database:
            return [
                database.execute(
                    f"SELECT count(*) FROM {table} WHERE guild_id = ?", [self._world.guild.id]
                ).fetchone()
                for table in ("generations", "names", "stars", "categories", "guild_settings", "runs")
            ]


def _is_harmless(custom_id: str) -> bool:
    """Whether it starts no training: that takes a process, and is tested by itself."""
    return not custom_id.startswith(("retrain", "cancel"))


def _judge(request: Any) -> None:
    """A message mentions nobody, and holds nothing of a stranger's text that has an effect."""
    payload = request.json if isinstance(request.json, dict) else {}
    content = payload.get("data", payload) if "type" in payload else payload
    if not isinstance(content, dict) or "components" not in content or "title" in content:
        return  # no message: a form has a title
    if request.method == "POST":
        assert content.get("allowed_mentions") == {"parse": []}, content
    assert not content.get("content")
    for part in walk_components(content["components"]):
        if part["type"] == 10:
            found = leaks(part["content"])
            assert not found, (found, part["content"])
            assert not re.search("[\u202a-\u202e\u2066-\u2069]", part["content"])


class _Errors(logging.Handler):
    """What was logged as an error: a member was told of it by an ID."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)

    def take(self) -> list[str]:
        formatter = logging.Formatter()
        told = [formatter.format(record) for record in self.records]
        self.records.clear()
        return told


def _hostile_model() -> Generator:
    """One that has learned names which are Markdown and mentions, and makes such."""
    names = [f"{name} {letter}" for name in _HOSTILE_NAMES for letter in "abc"]
    hostile = {
        part.category: part.names
        for part in (read_lines(category, "\n".join(names), Bounds()) for category in _HOSTILE_CATEGORIES)
    }
    benign = {category: listed.split() for category, listed in NAMES.items()}
    return train(Corpus.of({**benign, **hostile}), GruConfig(hidden=32), Batched(epochs=30), threads=1)
