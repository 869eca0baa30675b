"""/history: finding what was made."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.store import Filters, NewGeneration, NewName
from bot.ui.history import LONGEST_LANGUAGE, LONGEST_TEXT, Turn, TurnButton
from tests.bot.world import World, buttons_of, text_of


async def keep(world: World, *names: str, language: str = "Russian", user=None, guild_id: int | None = 0):
    """Put names into the history, as one answer of the bot."""
    user = user or world.alice
    await world.bot.store.history.keep(
        NewGeneration(
            guild_id=world.guild.id if guild_id == 0 else guild_id,
            channel_id=world.channel.id,
            user_id=user.id,
            language=language,
            letters=None,
            count=len(names),
            temperature=0.8,
            seed=1,
            model_id=1,
            names=tuple(NewName(name, -9.0, True) for name in names),
        )
    )


async def look(world: World, who=None, **options):
    return (await (who or world.alice).slash(world.channel, "history", **options)).response


def listed(card) -> list[str]:
    """The names on a page, from top to bottom."""
    return [line.split("**")[1] for line in text_of(card).splitlines() if line.startswith("**")]


async def test_newest_first_ten_a_page(world: World) -> None:
    await keep(world, *(f"Name{number:02}" for number in range(25)))

    card = await look(world)

    assert listed(card) == [f"Name{number:02}" for number in range(24, 14, -1)]
    assert f"Russian · <@{world.alice.id}> · <t:" in text_of(card)


async def test_pages_turn_both_ways(world: World) -> None:
    await keep(world, *(f"Name{number:02}" for number in range(25)))
    card = await look(world)
    assert buttons_of(card) == {"First": False, "Previous": False, "Next": True, "Last": True}

    card = (await world.alice.click(card, label="Next")).response
    assert listed(card) == [f"Name{number:02}" for number in range(14, 4, -1)]
    card = (await world.alice.click(card, label="Last")).response
    assert listed(card)[-1] == "Name00"
    assert buttons_of(card) == {"First": True, "Previous": True, "Next": False, "Last": False}
    card = (await world.alice.click(card, label="Previous")).response
    assert listed(card)[-1] == "Name10"
    card = (await world.alice.click(card, label="First")).response
    assert listed(card)[0] == "Name24"


async def test_pages_turn_after_a_restart_and_keep_the_filter(world: World) -> None:
    await keep(world, *(f"Name{number:02}" for number in range(15)))
    await keep(world, *(f"Other{number:02}" for number in range(15)), language="Czech")
    card = await look(world, language="czech", text="other", member=world.alice)

    await world.restart()

    card = (await world.alice.click(card, label="Next")).response
    assert listed(card) == [f"Other{number:02}" for number in range(4, -1, -1)]
    assert "in Czech" in text_of(card)


async def test_filters(world: World) -> None:
    await keep(world, "Ivanov", "Šimek")
    await keep(world, "Tanaka", language="Japanese", user=world.bob)

    assert listed(await look(world, language="japanese")) == ["Tanaka"]
    assert listed(await look(world, member=world.bob)) == ["Tanaka"]
    assert listed(await look(world, text="SIM")) == ["Šimek"]
    assert listed(await look(world, text="%")) == []


async def test_another_servers_names_are_not_seen(world: World) -> None:
    await keep(world, "Secret", guild_id=1)

    assert "No names yet" in text_of(await look(world))


async def test_nothing_that_passes_the_filter(world: World) -> None:
    await keep(world, "Ivanov")

    assert "fewer filters" in text_of(await look(world, text="xyz"))


async def test_in_direct_messages_only_ones_own(world: World) -> None:
    await keep(world, "Mine", guild_id=None)
    await keep(world, "Theirs", guild_id=None, user=world.bob)
    await keep(world, "Servers")

    card = (await world.alice.user.slash("history")).response

    assert listed(card) == ["Mine"]


async def test_only_the_one_who_opened_it_turns_its_pages(world: World) -> None:
    await keep(world, *(f"Name{number:02}" for number in range(15)))
    card = await look(world)

    refused = (await world.bob.click(card, label="Next")).response

    assert refused.ephemeral
    assert "/history" in text_of(refused)
    assert listed(world.channel.last_message)[0] == "Name14"


async def test_names_are_escaped(world: World) -> None:
    await keep(world, "**bold** <@123456789012345678> [x](https://e.org)")

    assert r"\*\*bold\*\* \<@" in text_of(await look(world))


@pytest.mark.parametrize("move", ["first", "newer", "older", "last"])
@given(
    name_id=st.integers(0, 2**40 - 1),
    user_id=st.none() | st.integers(1, 2**64 - 1),
    language=st.none() | st.text(min_size=1, max_size=LONGEST_LANGUAGE),
    text=st.none() | st.text(min_size=1, max_size=LONGEST_TEXT),
    starred=st.booleans(),
)
def test_a_custom_id_holds_the_whole_turn(move, name_id, user_id, language, text, starred) -> None:
    turn = Turn(move, name_id, Filters(language, user_id, text, starred))

    custom_id = turn.custom_id()

    assert len(custom_id) <= 100
    match = TurnButton.__discord_ui_compiled_template__.fullmatch(custom_id)
    assert match
    assert Turn.parse(match) == turn
