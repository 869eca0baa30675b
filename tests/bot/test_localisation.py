"""Languages: catalogues that are complete and fit, and who is answered in which."""

import re
from pathlib import Path
from string import Formatter

import pytest
import simcord.interactions
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from bot.app import build
from bot.localisation import CATALOGUES, LANGUAGES, _, duration, listed, ngettext, number, percent, speaking
from bot.localisation.collect import collect
from bot.settings import Settings
from bot.store import RunStatus
from bot.ui.training import UseNew
from model import Generator
from tests.bot.test_models import forged
from tests.bot.test_training import queue_run
from tests.bot.world import World, buttons_of, new_model, text_of

NAMES = sorted(set(LANGUAGES.values()))

_LIMITS = {"command_name": 32, "group_name": 32, "parameter_name": 32, "other": 4000}
_DESCRIPTION = 100  # of commands, options and choices
_LABEL = 45  # the least that a button, a field or a form's title may have
_COMMAND_NAME = re.compile(r"[-_'\w]{1,32}")


def read(name: str) -> Catalog:
    with (CATALOGUES / f"{name}.po").open("rb") as file:
        return read_po(file, locale=name)


@pytest.fixture
async def template() -> Catalog:
    bot = build(Settings())
    await bot.add_commands()
    return await collect(bot.tree)


def forms(text: str | tuple[str, ...] | list[str]) -> list[str]:
    """A sentence's plural forms, or the one that it has."""
    return [text] if isinstance(text, str) else list(text)


def fields(text: str) -> set[str]:
    return {name for _text, name, _format, _conversion in Formatter().parse(text) if name}


def translated(name: str) -> list[Message]:
    return [message for message in read(name) if message.id]


@pytest.mark.parametrize("name", NAMES)
async def test_every_sentence_is_translated_and_none_is_left_over(name: str, template: Catalog) -> None:
    there = {(message.context, message.id) for message in translated(name)}
    wanted = {(message.context, message.id) for message in template if message.id}

    assert there == wanted  # if not: python -m bot.localisation, and translate what is new
    assert [message.id for message in translated(name) if not all(forms(message.string))] == []
    assert [message.id for message in translated(name) if message.fuzzy] == []


@pytest.mark.parametrize("name", NAMES)
def test_every_translation_has_the_same_fields(name: str) -> None:
    for message in translated(name):
        *_singular, plural = forms(message.id)
        for form in forms(message.string):
            # One thing may be told without its number, in every language.
            assert fields(form) | {"count"} == fields(plural) | {"count"}, form


@pytest.mark.parametrize("name", NAMES)
def test_every_translation_fits_where_discord_shows_it(name: str) -> None:
    for message in translated(name):
        for form in forms(message.string):
            if message.context:
                assert len(form) <= _LIMITS.get(message.context, _DESCRIPTION), form
                if message.context.endswith(("command_name", "group_name", "parameter_name")) and (
                    " " not in forms(message.id)[0]
                ):
                    assert _COMMAND_NAME.fullmatch(form), form
                    assert form == form.lower(), form
            elif len(forms(message.id)[0]) <= _LABEL / 1.5:
                assert len(form) <= _LABEL, form


@pytest.mark.parametrize("name", NAMES)
async def test_options_of_a_command_stay_apart(name: str) -> None:
    catalogue = read(name)
    bot = build(Settings())
    await bot.add_commands()

    def word(text: str, context: str) -> str:
        return str(catalogue.get(text, context).string)

    for command in bot.tree.walk_commands():
        options = [option.name for option in getattr(command, "parameters", [])]
        assert len({word(option, "parameter_name") for option in options}) == len(options), command.name
    commands = [command.name for command in bot.tree.get_commands()]
    own = [catalogue.get(text, context) for text in commands for context in ("command_name", "group_name")]
    assert len({message.string for message in own if message}) == len(commands)


@pytest.mark.parametrize("name", NAMES)
async def test_a_command_is_spoken_of_by_its_own_name(name: str, template: Catalog) -> None:
    catalogue = read(name)
    names = {
        str(message.id): str(message.string)
        for message in translated(name)
        if message.context in ("command_name", "group_name")
    }
    for message in template:
        for command in re.findall(r"(?<![\w<])/([a-z]+)", forms(message.id)[-1]):
            if command in names:
                told = catalogue.get(message.id, message.context)
                assert f"/{names[command]}" in forms(told.string)[-1], told.id


def test_numbers_lists_and_times_are_written_as_one_does() -> None:
    with speaking("de"):
        assert number(12_345) == "12.345"
        assert percent(0.314) == "31\xa0%"
        assert listed(["a", "b", "c"]) == "a, b und c"
        assert duration(125) == "2 Min. 5 Sek."
    assert number(12_345) == "12,345"
    assert listed(["a", "b"], "or") == "a or b"
    assert duration(3725) == "1 hr 2 min"


@pytest.mark.parametrize("locale", ["es-ES", "pt-BR"])
def test_one_hour_is_written_as_several_are(locale: str) -> None:
    with speaking(locale):
        assert duration(3600) == "1 h 0 min"
        assert duration(30 * 3600) == "30 h 0 min"


def test_russian_has_three_plural_forms() -> None:
    with speaking("ru"):
        told = {ngettext("{count} name", "{count} names", count).split()[1] for count in (1, 2, 5, 21)}
    assert len(told) == 3


@pytest.mark.parametrize("locale", ["en-GB", "it", "nonsense"])
def test_where_there_is_no_catalogue_it_is_english(locale: str) -> None:
    with speaking(locale):
        assert _("No names yet. Make some with /name.") == "No names yet. Make some with /name."


@pytest.fixture
def locales(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What Discord says of the member and of the server; simcord's are always American."""
    spoken = {"locale": "de", "guild_locale": "fr"}
    make = simcord.interactions.base_payload

    def speak(*args, **options):
        record, payload = make(*args, **options)
        return record, payload | spoken

    monkeypatch.setattr(simcord.interactions, "base_payload", speak)
    return spoken


async def test_a_member_is_answered_in_their_language_and_a_public_card_in_the_servers(
    world: World, locales: dict[str, str]
) -> None:
    card = (await world.alice.slash(world.channel, "name", language="russian")).response
    private = (await world.alice.slash(world.channel, "name", language="russian", private=True)).response
    refused = (await world.alice.slash(world.channel, "name", language="russian", letters=" ")).response

    with speaking("fr"):
        assert _("Again") in buttons_of(card)
    with speaking("de"):
        assert _("Again") in buttons_of(private)
        assert text_of(refused) == _(
            "There are no letters in that: give first letters, such as rus, or leave them out."
        )


async def test_a_public_card_stays_in_the_servers_language_when_a_button_changes_it(
    world: World, generator: Generator, locales: dict[str, str]
) -> None:
    run = await queue_run(world.bot.store, world.guild.id, b"")
    await world.bot.store.runs.start(run.id)
    model = new_model(generator, world.guild.id, run_id=run.id)
    await world.bot.store.runs.finish(run.id, RunStatus.REJECTED, model=model)

    reply = await world.boss.click(await forged(world, UseNew(run.id)))

    with speaking("fr"):
        assert _("The new one is in use.") in text_of(reply.response)


def test_no_sentence_hides_in_an_f_string() -> None:
    # Babel finds none there before Python 3.12.
    hidden = re.compile(r"""f(["']).*\{(_|ngettext)\(["']""")
    sources = [path for package in ("bot", "model") for path in Path(package).rglob("*.py")]
    assert [path for path in sources if hidden.search(path.read_text("utf-8"))] == []
