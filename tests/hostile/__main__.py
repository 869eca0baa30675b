"""python -m tests.hostile --inputs 1000000: hostile inputs for every part of the bot that takes any.

Prints a line for each part, and for each that did what it must not the smallest input that shows it.
"""

import logging
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Annotated, Any

import typer
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.hostile.members import SHARE, Siege, actions
from tests.hostile.surfaces import SURFACES

_AT_ONCE = 5000  # inputs that hypothesis remembers
_IN_A_WORLD = 1000  # actions in one simulated Discord, which grows with them


def attack(inputs: st.SearchStrategy[Any], check: Callable[[Any], None], count: int, number: int) -> None:
    """Check so many inputs, of which `number` tells the first. Raises what the check raises."""
    run = settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    seed(number)(run(given(inputs)(check)))()


def _parts(count: int, most: int) -> Iterator[int]:
    while count > 0:
        yield min(count, most)
        count -= most


def _besiege(count: int, number: int) -> None:
    with Siege() as siege:
        attack(actions, siege.perform, count, number)


def main(
    inputs: Annotated[int, typer.Option(help="How many, over all parts.")] = 1_000_000,
    start: Annotated[int, typer.Option(help="Another number makes other inputs.")] = 0,
) -> None:
    """Look for inputs that break the bot; the exit code is 1 if there are any."""
    warnings.simplefilter("ignore")  # zipfile's, of names that a hostile archive has twice
    logging.disable(logging.WARNING)
    is_broken = False
    rounds: dict[str, tuple[int, int, Callable[[int, int], None]]] = {
        name: (
            max(1, round(inputs * surface.share)),
            _AT_ONCE,
            lambda count, number, surface=surface: attack(surface.inputs, surface.check, count, number),
        )
        for name, surface in SURFACES.items()
    }
    rounds["the whole bot"] = (max(1, round(inputs * SHARE)), _IN_A_WORLD, _besiege)
    for name, (count, most, run) in rounds.items():
        begun = time.process_time()
        try:
            for number, part in enumerate(_parts(count, most), start):
                run(part, number)
            verdict = "ok"
        except Exception as error:  # noqa: BLE001 - whatever it is, it was looked for
            verdict = "\n".join([f"BROKEN: {error!r}", *getattr(error, "__notes__", [])])
            is_broken = True
        typer.echo(f"{name:22} {count:9,} inputs {time.process_time() - begun:8.0f} s  {verdict}")
    sys.exit(is_broken)


if __name__ == "__main__":
    typer.run(main)
