"""Pictures of a model, as PNG: readable at 800 pixels, on a light and on a dark page."""

import io
import math
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from model.card import CurvePoint

_INK = "#1f2933"
_TRAIN, _HELD_OUT = "#2f6fb3", "#d9730d"  # told apart by colour-blind eyes, and in grey
_MOST_LETTERS = 24
"""Rows of the heat map: more would be too small to read."""
_MOST_CATEGORIES = 10


def loss_curve(curve: Sequence[CurvePoint], title: str = "Loss") -> bytes:
    """The training loss and, where it was measured, the held-out loss, in nats a letter by step."""
    figure, axes = _figure(title)
    axes.plot(
        [p.step for p in curve], [p.train for p in curve], color=_TRAIN, label="training", marker=_dot(curve)
    )
    measured = [(p.step, p.validation) for p in curve if p.validation is not None]
    if measured:
        steps, losses = zip(*measured, strict=True)
        axes.plot(steps, losses, color=_HELD_OUT, label="held-out names", marker=_dot(measured))
        axes.legend(frameon=False, fontsize=12)
    axes.set_xlabel("step", fontsize=12)
    axes.set_ylabel("nats a letter", fontsize=12)
    axes.grid(alpha=0.3)
    return _png(figure)


def writing(name: str, steps: Sequence[Mapping[str, float]], category: str) -> bytes:
    """A name being written: how likely each letter was at each step, the one that was chosen marked.

    `steps` is as `Generator.next_letters` gives it: one mapping for each letter and one for the end.
    """
    chosen = [*name, ""]
    total = {letter: sum(step[letter] for step in steps) for letter in steps[0]}
    likely = sorted(total, key=lambda letter: (letter not in chosen, -total[letter]))[:_MOST_LETTERS]
    rows = sorted(likely, key=lambda letter: (letter == "", letter.casefold(), letter))
    shares = np.array([[step[letter] for step in steps] for letter in rows])
    figure, axes = _figure(f"{name}, letter by letter, in {category}", height=1.6 + 0.26 * len(rows))
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for place, letter in enumerate(chosen):
        row = rows.index(letter)
        axes.add_patch(_frame(place, row))
        ink = "white" if shares[row, place] > 0.5 else _INK
        axes.text(place, row, f"{shares[row, place]:.0%}", ha="center", va="center", fontsize=10, color=ink)
    axes.set_xticks(
        range(len(chosen)), [letter if letter.strip() else _blank(letter) for letter in chosen], fontsize=13
    )
    axes.set_yticks(
        range(len(rows)), [letter if letter.strip() else _blank(letter) for letter in rows], fontsize=11
    )
    axes.set_xlabel("what was written", fontsize=12)
    axes.set_ylabel("what might have come", fontsize=12)
    figure.colorbar(image, ax=axes, format="{x:.0%}", shrink=0.6, label="probability")
    return _png(figure)


def origins(name: str, probabilities: Mapping[str, float]) -> bytes:
    """How likely each category is, given the name: bars for the ten likeliest."""
    likely = sorted(probabilities, key=lambda category: -probabilities[category])[:_MOST_CATEGORIES]
    shares = {category: probabilities[category] for category in likely}
    return bars(shares, f"Where {name} may come from", "{:.1%}")


def bars(values: Mapping[str, float], title: str, label: str = "{:g}") -> bytes:
    """A bar for each value, from top to bottom, the first one marked; `label` formats what it says."""
    figure, axes = _figure(title, height=1.4 + 0.36 * len(values))
    places = range(len(values))
    drawn = axes.barh(places, list(values.values()), color=[_HELD_OUT, *[_TRAIN] * (len(values) - 1)])
    axes.bar_label(
        drawn, [label.format(value) for value in values.values()], padding=4, fontsize=12, color=_INK
    )
    axes.set_yticks(places, [_literal(name) for name in values])
    axes.invert_yaxis()
    axes.set_xlim(0, 1.12 * max(values.values()))
    axes.xaxis.set_visible(False)
    axes.spines["bottom"].set_visible(False)
    axes.tick_params(axis="y", length=0, labelsize=13)
    return _png(figure)


def losses(before: Mapping[str, float], after: Mapping[str, float]) -> bytes:
    """Nats a letter in each category before and after a training, those that gained most on top."""
    ordered = sorted(after, key=lambda category: after[category] - before.get(category, math.inf))
    figure, axes = _figure("Loss on held-out names", height=1.6 + 0.26 * len(ordered))
    places = range(len(ordered))
    known = [(place, before[category]) for place, category in enumerate(ordered) if category in before]
    for place, loss in known:
        axes.plot([loss, after[ordered[place]]], [place, place], color=_INK, alpha=0.4, linewidth=2)
    axes.scatter([loss for _, loss in known], [place for place, _ in known], color=_TRAIN, label="before")
    axes.scatter([after[category] for category in ordered], places, color=_HELD_OUT, label="after")
    axes.set_yticks(places, ordered, fontsize=11, parse_math=False)  # a name may hold dollar signs
    axes.invert_yaxis()
    axes.set_xlabel("nats a letter", fontsize=12)
    axes.grid(axis="x", alpha=0.3)
    axes.legend(frameon=False, fontsize=12)
    return _png(figure)


def _figure(title: str, height: float = 4.5) -> tuple[Figure, Axes]:
    """A picture 8 inches or 800 pixels wide; white, so that a dark page shows it too."""
    figure = Figure(figsize=(8, height), dpi=100, layout="constrained", facecolor="white")
    axes = figure.add_subplot()
    axes.set_title(_literal(title), fontsize=15, color=_INK, loc="left")
    axes.tick_params(labelsize=11)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _frame(place: int, row: int) -> Rectangle:
    return Rectangle((place - 0.5, row - 0.5), 1, 1, fill=False, edgecolor=_HELD_OUT, linewidth=2)


def _literal(text: str) -> str:
    """Text in which dollars are dollars: matplotlib would take what is between two for a formula."""
    return text.replace("$", r"\$")


def _blank(letter: str) -> str:
    return "space" if letter else "end"


def _dot(points: Sequence[object]) -> str:
    """Mark single points where they are few enough to be told apart; a lone one has no line at all."""
    return "o" if len(points) <= 40 else ""


def _png(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()
