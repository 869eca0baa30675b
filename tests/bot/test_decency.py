"""No slurs and no obscene words: not listed ones, and not the host's own; ordinary names stay."""

import pytest

from bot.decency import Decency
from bot.settings import Settings
from model import Corpus
from tests.bot.world import World, names_on

NOTHING_KNOWN = {"Russian": ["Ivanov"]}


@pytest.mark.parametrize("name", ["fuck", "Fuck", "Hurensohn", "van der Scheisse", "сука", "Puta"])
def test_listed_words_are_not_allowed(name: str) -> None:
    assert not Decency().allows(name, NOTHING_KNOWN, ["Russian"])


@pytest.mark.parametrize("name", ["Scunthorpe", "Cockburn", "Dickson", "Assange", "Cuntz", "Hancock"])
def test_names_that_merely_contain_one_are(name: str) -> None:
    assert Decency().allows(name, NOTHING_KNOWN, ["Russian"])


def test_an_ordinary_name_is_allowed_in_its_own_language() -> None:
    names = Corpus.read("data/names").names

    assert Decency().allows("Wang", names, ["Chinese"])
    assert not Decency().allows("Wang", names, ["Russian"])


def test_a_host_adds_words() -> None:
    assert Decency().allows("Voldemort", NOTHING_KNOWN, ["Russian"])
    assert not Decency(["voldemort"]).allows("Voldemort", NOTHING_KNOWN, ["Russian"])


async def test_a_name_with_such_a_word_is_drawn_again(world: World, settings: Settings) -> None:
    options = {"language": "russian", "letters": "r", "seed": 5, "new_only": True}
    drawn = names_on((await world.alice.slash(world.channel, "name", **options)).response)[0]
    world.settings = settings.model_copy(update={"obscene_words": (drawn,)})
    await world.restart()

    again = names_on((await world.alice.slash(world.channel, "name", **options)).response)[0]

    assert again != drawn
    assert again[0] == "R"
