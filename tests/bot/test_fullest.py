"""The fullest cards there can be are within Discord's limits: 4000 characters, 40 components."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import discord
import pytest

from bot.naming import Made, Origin
from bot.store import Category, Cursor, Entry, Favourite, Filters, Page, TopLanguage, TopName
from bot.text import fitting
from bot.ui.datasets import CategoriesCard, CategoryCard, TakenCard
from bot.ui.favourites import FavouritesCard
from bot.ui.history import HistoryCard
from bot.ui.names import NameCard
from bot.ui.origin import OriginCard
from bot.ui.replies import Notice
from bot.ui.top import TopCard
from bot.ui.turn import LONGEST_LANGUAGE, LONGEST_TEXT, Turn
from bot.uploads import Taken
from model import Name

LONGEST = "*_" * 25
"""As long as a name, a category's or a letter's, may be, and twice that when it is escaped."""

BLEND = f"{LONGEST} × {LONGEST}"
MANY, NOW = 2**62, datetime.now(UTC)


def numbered(count: int) -> Iterator[str]:
    return (f"{LONGEST[:-3]}{number:03}" for number in range(count))


def cards() -> Iterator[discord.ui.LayoutView]:
    category = Category(1, 1, LONGEST, True, MANY, 1, NOW, NOW)
    yield CategoriesCard([replace(category, name=name) for name in numbered(500)], LONGEST)
    yield CategoryCard(category, [*numbered(1000)])
    parts = [Taken(name, tuple(numbered(500)), 99999, 99999, 99999, 99999) for name in numbered(40)]
    yield TakenCard(parts)
    favourites = [
        Favourite(number, LONGEST, name, 1, 1, NOW, NOW) for number, name in enumerate(numbered(60))
    ]
    yield FavouritesCard(favourites, 1)
    top = [TopName(1, name, BLEND, 99999) for name in numbered(10)]
    periods = {"This week": top, "This month": top, "Ever": top}
    yield TopCard(periods, [TopLanguage(BLEND, 99999)] * 10)
    names = [Name(name, -1.0, False) for name in numbered(10)]
    yield NameCard(Made(names, BLEND, MANY, MANY, MANY, range(10), dict.fromkeys(range(10), 99999)))
    entries = tuple(Entry(2**40 - 1, name, BLEND, MANY, NOW, True, MANY, 9999) for name in numbered(10))
    filters = Filters(LONGEST[:LONGEST_LANGUAGE], MANY, LONGEST[:LONGEST_TEXT], starred=True)
    turn = Turn(Cursor.older(2**40 - 1), filters, panel=True)
    page = Page(entries, has_newer=True, has_older=True)
    yield HistoryCard(page, turn, [*numbered(25)], of_server=True)
    yield OriginCard(Origin(LONGEST, dict.fromkeys(numbered(40), 1 / 3), b""))
    yield Notice(" ".join(numbered(500)))


@pytest.mark.parametrize("card", [*cards()], ids=lambda card: type(card).__name__)
async def test_the_fullest_card_can_be_sent(card: discord.ui.LayoutView) -> None:
    assert 0 < card.content_length() <= 4000
    assert card.total_children_count <= 40


def test_what_does_not_fit_is_left_out() -> None:
    assert fitting([], 20) == ""
    assert fitting(["ab", "cd"], 20) == "ab, cd"
    assert fitting(["ab", "cd", "ef"], 9) == "ab, cd, …"
    assert all(len(fitting(["abcd"] * 9, room)) <= room for room in range(3, 60))
