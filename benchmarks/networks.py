"""Every network and recipe: quality on names held out of training, time, memory and size."""

from dataclasses import replace

from benchmarks.runs import Run, trained
from benchmarks.tables import show
from model import Corpus
from model.recipes import RECIPES, Batched

_EXPONENTS = (0.7, 0.85, 1.0)
_SEEDS = (0, 1, 2)
"""Splits on which default and best are measured: one tenth alone is luck by 0.02 nats."""


def run(corpus: Corpus) -> None:
    """Print the table of all networks, that of the splits, and that of the sampling exponents."""
    tutorial = trained(corpus, None, "tutorial")
    rows = [_row("tutorial, its own recipe", tutorial, tutorial)]
    rows += [
        _row(network, trained(corpus, network, "default"), tutorial)
        for network in ("ngram", "rnn", "lstm", "gru")
    ]
    runs = {
        recipe: [trained(corpus, None, recipe, seed) for seed in _SEEDS] for recipe in ("default", "best")
    }
    rows += [_row(recipe, of_recipe[0], tutorial) for recipe, of_recipe in runs.items()]
    show(
        "Nats a letter on a held-out tenth, the first letter given, the end counted; one core",
        ["", "letters", "categories", "seconds", "sooner", "peak MiB", "file MiB"],
        rows,
    )
    _show_splits(runs)
    _show_exponents(corpus)


def _row(name: str, run: Run, tutorial: Run) -> list[str]:
    held_out = run.generator.card.held_out
    return [
        name,
        f"{held_out.letters:.3f}",
        f"{held_out.languages:.3f}",
        f"{run.seconds:.1f}",
        f"{tutorial.seconds / run.seconds:.1f} ×",
        f"{run.mebibytes:.0f}",
        f"{len(run.content) / 2**20:.1f}",
    ]


def _show_splits(runs: dict[str, list[Run]]) -> None:
    rows = []
    for recipe, of_recipe in runs.items():
        held_out = [run.generator.card.held_out for run in of_recipe]
        letters = [one.letters for one in held_out]
        languages = [one.languages for one in held_out]
        each = [f"{one:.3f} / {other:.3f}" for one, other in zip(letters, languages, strict=True)]
        mean = f"{sum(letters) / len(letters):.3f} / {sum(languages) / len(languages):.3f}"
        rows.append([recipe, *each, mean])
    show(
        "Letters / categories by the tenth held out", ["", *(f"seed {seed}" for seed in _SEEDS), "mean"], rows
    )


def _show_exponents(corpus: Corpus) -> None:
    """Whether showing small categories more often is worth what it costs the large ones."""
    recipe = RECIPES["default"]
    if not isinstance(recipe, Batched):
        return
    held_out = [
        trained(corpus, None, replace(recipe, exponent=exponent)).generator.card.held_out
        for exponent in _EXPONENTS
    ]
    rows = [
        [category, len(names), *(f"{one.categories[category]:.3f}" for one in held_out)]
        for category, names in sorted(corpus.names.items(), key=lambda item: len(item[1]))
    ]
    rows.append(["mean over letters", len(corpus), *(f"{one.letters:.3f}" for one in held_out)])
    rows.append(["mean over categories", "", *(f"{one.languages:.3f}" for one in held_out)])
    head = ["", "names", *(f"exponent {exponent}" for exponent in _EXPONENTS)]
    show("Default recipe, categories of n names shown as often as n ** exponent", head, rows)
