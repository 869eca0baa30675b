"""Every network and recipe: quality on names held out of training, time, memory and size."""

from dataclasses import replace

from benchmarks.runs import Run, Trainings
from benchmarks.tables import show
from model.recipes import RECIPES, Batched

_EXPONENTS = (0.7, 0.85, 1.0)
_SEEDS = {"default": (0, 1, 2), "best": (0, 1)}
"""Splits on which default and best are measured: one tenth alone is luck by 0.02 nats."""


def run(trainings: Trainings) -> None:
    """Print the table of all networks, that of the splits, and that of the sampling exponents."""
    tutorial = trainings.run(recipe="tutorial")
    runs = {
        "tutorial, its own recipe": tutorial,
        **{network: trainings.run(network) for network in ("ngram", "rnn", "lstm", "gru")},
        **{recipe: trainings.run(recipe=recipe) for recipe in ("quick", "default", "best")},
    }
    show(
        "Nats a letter on a held-out tenth, the first letter given, the end counted; one core",
        ["", "letters", "categories", "seconds", "to the tutorial's", "sooner", "peak MiB", "file MiB"],
        [_row(name, run, tutorial) for name, run in runs.items()],
    )
    _show_splits(trainings)
    _show_exponents(trainings)


def _row(name: str, run: Run, tutorial: Run) -> list[str]:
    held_out = run.generator.card.held_out
    as_good = run.seconds_until(tutorial.generator.card.held_out.letters)
    return [
        name,
        f"{held_out.letters:.3f}",
        f"{held_out.languages:.3f}",
        f"{run.seconds:.1f}",
        f"{as_good:.2f}",
        f"{tutorial.seconds / as_good:.0f} ×",
        f"{run.mebibytes:.0f}",
        f"{len(run.content) / 2**20:.1f}",
    ]


def _show_splits(trainings: Trainings) -> None:
    rows = []
    for recipe, seeds in _SEEDS.items():
        for seed in seeds:
            run = trainings.run(recipe=recipe, seed=seed)
            held_out = run.generator.card.held_out
            rows.append(
                [recipe, seed, f"{held_out.letters:.3f}", f"{held_out.languages:.3f}", f"{run.seconds:.1f}"]
            )
    show("By the tenth that each seed holds out", ["", "seed", "letters", "categories", "seconds"], rows)


def _show_exponents(trainings: Trainings) -> None:
    """Whether showing small categories more often is worth what it costs the large ones."""
    recipe = RECIPES["default"]
    if not isinstance(recipe, Batched):
        return
    held_out = []
    for exponent in _EXPONENTS:
        variant = "default" if exponent == recipe.exponent else replace(recipe, exponent=exponent)
        held_out.append(trainings.run(recipe=variant).generator.card.held_out)
    corpus = trainings.corpus
    rows = [
        [category, len(names), *(f"{one.categories[category]:.3f}" for one in held_out)]
        for category, names in sorted(corpus.names.items(), key=lambda item: len(item[1]))
    ]
    rows.append(["mean over letters", len(corpus), *(f"{one.letters:.3f}" for one in held_out)])
    rows.append(["mean over categories", "", *(f"{one.languages:.3f}" for one in held_out)])
    head = ["", "names", *(f"exponent {exponent}" for exponent in _EXPONENTS)]
    show("Default recipe, categories of n names shown as often as n ** exponent", head, rows)
