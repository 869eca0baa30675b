"""/history: finding what was made."""

from hypothesis import given
from hypothesis import strategies as st
from simcord.components import walk_components

from bot.store import Cursor, Filters, NewGeneration, NewName, Scope
from bot.ui.turn import LONGEST_LANGUAGE, LONGEST_TEXT, Turn, template
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
    assert buttons_of(card) == {"First": False, "Previous": False, "Next": True, "Last": True, "Filter": True}

    card = (await world.alice.click(card, label="Next")).response
    assert listed(card) == [f"Name{number:02}" for number in range(14, 4, -1)]
    card = (await world.alice.click(card, label="Last")).response
    assert listed(card)[-1] == "Name00"
    assert buttons_of(card) == {"First": True, "Previous": True, "Next": False, "Last": False, "Filter": True}
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
    assert "Czech" in text_of(card)


async def press(world: World, card, label: str):
    return (await world.alice.click(card, label=label)).response


async def fill_in(world: World, card, label: str, **typed: str):
    """Open a form from the panel and send it off, after a restart in between."""
    form = await world.alice.click(card, label=label)
    await world.restart()
    return (await world.alice.submit_modal(form, typed)).response


def select_id(card, what: str) -> str:
    raw = [part if isinstance(part, dict) else part.to_dict() for part in card.components]
    return next(
        part["custom_id"]
        for part in walk_components(raw)
        if part.get("custom_id", "").startswith(f"h:{what}")
    )


async def test_the_panel_filters_by_language_and_member(world: World) -> None:
    await keep(world, "Ivanov")
    await keep(world, "Petrov", user=world.bob)
    await keep(world, "Muster", language="German")
    card = await press(world, await look(world), "Filter")

    card = (await world.alice.select(card, ["Russian"], custom_id=select_id(card, "g"))).response
    assert listed(card) == ["Petrov", "Ivanov"]
    card = (await world.alice.select(card, [world.bob], custom_id=select_id(card, "m"))).response
    assert listed(card) == ["Petrov"]
    card = (await world.alice.select(card, [], custom_id=select_id(card, "m"))).response
    card = (await world.alice.select(card, ["*"], custom_id=select_id(card, "g"))).response
    assert listed(card) == ["Muster", "Petrov", "Ivanov"]
    card = await press(world, card, "Filter")
    assert "Letters…" not in buttons_of(card)


async def test_the_panel_filters_by_star_and_letters_and_forgets_it(world: World) -> None:
    await keep(world, "Ivanov", "Šimek", "Simko")
    name = (await world.bot.store.history.page(Scope.guild(world.guild.id))).entries[1]
    await world.bot.store.stars.star(world.bob.id, name.id)
    card = await press(world, await look(world), "Filter")

    card = await fill_in(world, card, "Letters…", letters="sim")
    assert listed(card) == ["Simko", "Šimek"]
    card = await press(world, card, "Starred only")
    assert listed(card) == ["Šimek"]
    assert "⭐ 1" in text_of(card)
    card = await press(world, card, "No filter")
    assert listed(card) == ["Simko", "Šimek", "Ivanov"]


async def test_one_goes_to_a_page_or_a_date(world: World) -> None:
    await keep(world, *(f"Name{number:02}" for number in range(25)))
    card = await press(world, await look(world), "Filter")

    card = await fill_in(world, card, "Go to…", where="3")
    assert listed(card) == [f"Name{number:02}" for number in range(4, -1, -1)]
    card = await fill_in(world, card, "Go to…", where="2100-01-31")
    assert listed(card)[0] == "Name24"
    card = await fill_in(world, card, "Go to…", where="1/31/2000")
    assert listed(card)[-1] == "Name00"
    card = await fill_in(world, card, "Go to…", where="999999999999")
    assert listed(card)[-1] == "Name00"
    assert "neither a page nor a date" in text_of(await fill_in(world, card, "Go to…", where="soon"))


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


@given(
    at=st.builds(Cursor.older, st.integers(0, 2**40 - 1))
    | st.builds(Cursor.newer, st.integers(1, 2**40 - 1))
    | st.sampled_from([Cursor.first(), Cursor.last()]),
    user_id=st.none() | st.integers(1, 2**63 - 1),
    language=st.none() | st.text(min_size=1, max_size=LONGEST_LANGUAGE),
    text=st.none() | st.text(min_size=1, max_size=LONGEST_TEXT),
    starred=st.booleans(),
    panel=st.booleans(),
)
def test_a_custom_id_holds_the_whole_turn(at, user_id, language, text, starred, panel) -> None:
    turn = Turn(at, Filters(language, user_id, text, starred), panel)

    custom_id = turn.custom_id("x")

    assert len(custom_id) <= 100
    match = template("xyz").fullmatch(custom_id)
    assert match
    assert Turn.parse(match) == turn
