"""A small share of what `python -m tests.hostile` does, and that its judges see what they should."""

import pytest

from tests.hostile.__main__ import attack
from tests.hostile.members import Forgery, Siege, Use, actions
from tests.hostile.oracle import effects, leaks
from tests.hostile.surfaces import SURFACES, shown


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", SURFACES)
def test_hostile_inputs_break_nothing(name: str) -> None:
    surface = SURFACES[name]
    attack(surface.inputs, surface.check, 3 if "much" in name else 100, 0)


def test_hostile_members_break_nothing() -> None:
    with Siege() as siege:
        attack(actions, siege.perform, 60, 0)


def test_names_that_are_markdown_have_no_effect_on_a_card() -> None:
    as_learned = {"language": "**qzx**", "count": 10, "new_only": False, "temperature": 0.4}
    with Siege() as siege:
        for number in range(5):
            siege.perform(Use("alice", "name", {**as_learned, "seed": number}))


def test_forged_ids_and_values_break_nothing() -> None:
    too_large = "9" * 30
    forgeries = [
        *(("h:f0-:ffffffffffffffff:0:", None), ("h:f3+fffffffffffffff:7fffffffffffffff:99:x", None)),
        *(("pick", too_large), ("pick", "١٢"), ("forget:0", too_large), ("forget:999999", "1")),
        *(("again:١٢", None), ("star:999999999999999999", None), ("star:1", "1"), ("mood:1", None)),
    ]
    with Siege() as siege:
        for who in ("alice", "stranger"):
            for custom_id, value in forgeries:
                siege.perform(Forgery(who, custom_id, value))


@pytest.mark.parametrize(
    "text",
    [
        *("*a*", "a_b", "||a||", "`a`", "# a", "-# a", "> a", "- a", "12. a", "[a](b)", "https://a.example"),
        *("@everyone", "<@1>", "<#1>", "</name:1>", "<t:0:R>", "<:a:1>", "<id:customize>", "a\\"),
    ],
)
def test_the_judge_sees_what_has_an_effect_and_what_is_shown_has_none(text: str) -> None:
    assert effects(text)
    shown(text)


def test_the_judge_of_replies_sees_what_leaks() -> None:
    assert leaks("## \\*qzx\\*\n**qzx** is \\<@999999999999999999>") == []
    assert leaks("Names of *qzx* and <@999999999999999999>") == ["*qzx*", "<@999999999999999999>"]
