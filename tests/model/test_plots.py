import io

from matplotlib.image import imread

from model.card import CurvePoint
from model.plots import loss_curve

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
