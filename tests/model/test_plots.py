import io

import pytest
from matplotlib.image import imread

from model import Generator
from model.card import CurvePoint
from model.plots import bars, loss_curve, origins, writing

_CURVE = tuple(
    CurvePoint(step=step, train=3 - step / 50, validation=3 - step / 60) for step in range(10, 100, 10)
)


def _shape(png: bytes) -> tuple[int, ...]:
    return imread(io.BytesIO(png), format="png").shape


def test_the_loss_curve_is_a_picture_eight_hundred_pixels_wide() -> None:
    assert _shape(loss_curve(_CURVE))[:2] == (450, 800)


def test_a_curve_without_validation_and_one_of_a_point_are_drawn() -> None:
    unmeasured = [point.model_copy(update={"validation": None}) for point in _CURVE]
    assert loss_curve(unmeasured) != loss_curve(_CURVE)
    assert _shape(loss_curve(_CURVE[:1]))[:2] == (450, 800)
    assert _shape(loss_curve([]))[:2] == (450, 800)


def _has(png: bytes, colour: tuple[int, int, int]) -> bool:
    pixels = (imread(io.BytesIO(png), format="png")[..., :3] * 255).round()
    return bool((pixels == colour).all(-1).any())


@pytest.mark.parametrize("name", ["Galador", "The Red Ox"])
def test_the_writing_of_a_name_is_a_picture_eight_hundred_pixels_wide(
    gru_generator: Generator, name: str
) -> None:
    png = writing(name, gru_generator.next_letters("Elvish", name), "Elvish")
    assert _shape(png)[1] == 800
    assert _has(png, (217, 115, 13)), "the frames of the chosen letters"


def test_origins_draw_the_likeliest() -> None:
    png = origins("Galador", {"Elvish": 0.7, "Dwarvish": 0.25, "Tavern": 0.05})
    assert _shape(png)[1] == 800
    assert _has(png, (217, 115, 13))
    assert _has(png, (47, 111, 179))


def test_dollars_are_no_formula() -> None:
    hostile = "$\\frac$"
    assert _shape(origins(hostile, {hostile: 0.7, "$": 0.3}))[1] == 800
    assert _shape(writing("$a$", [{"$": 0.5, "a": 0.3, "": 0.2}] * 4, hostile))[1] == 800


def test_bars_are_as_high_as_there_are_values() -> None:
    assert _shape(bars({"Ann": 3, "Bob": 1}, ""))[0] < _shape(bars({"Ann": 3, "Bob": 1, "Cid": 1}, ""))[0]


def test_of_many_categories_the_ten_likeliest_are_drawn() -> None:
    many = {f"Category {number}": 0.03 for number in range(30)}
    assert _shape(origins("Ann", many)) == _shape(origins("Ann", dict(list(many.items())[:10])))
