"""Pictures of a model, as PNG: readable at 800 pixels, on a light and on a dark page."""

import io
from collections.abc import Sequence

from matplotlib.figure import Figure

from model.card import CurvePoint

_INK = "#1f2933"
_TRAIN, _HELD_OUT = "#2f6fb3", "#d9730d"  # told apart by colour-blind eyes, and in grey


def loss_curve(curve: Sequence[CurvePoint], title: str = "Loss") -> bytes:
    """The training loss and, where it was measured, the held-out loss, in nats a letter by step."""
    figure = Figure(figsize=(8, 4.5), dpi=100, layout="constrained", facecolor="white")
    axes = figure.add_subplot()
    axes.plot(
        [p.step for p in curve], [p.train for p in curve], color=_TRAIN, label="training", marker=_dot(curve)
    )
    measured = [(p.step, p.validation) for p in curve if p.validation is not None]
    if measured:
        steps, losses = zip(*measured, strict=True)
        axes.plot(steps, losses, color=_HELD_OUT, label="held-out names", marker=_dot(measured))
        axes.legend(frameon=False, fontsize=12)
    axes.set_title(title, fontsize=15, color=_INK, loc="left")
    axes.set_xlabel("step", fontsize=12)
    axes.set_ylabel("nats a letter", fontsize=12)
    axes.tick_params(labelsize=11)
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    return _png(figure)


def _dot(points: Sequence[object]) -> str:
    """Mark single points where they are few enough to be told apart; a lone one has no line at all."""
    return "o" if len(points) <= 40 else ""


def _png(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()
