"""The model on the command line: python -m model train | sample | evaluate | classify | plot."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

import model
from model.errors import ModelError
from model.recipes import NETWORKS, RECIPES

app = typer.Typer(
    help="Learn names by category and invent new ones.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
console = Console()

_BAD_INPUT = 2

Network = StrEnum("Network", {name: name for name in NETWORKS})
Recipe = StrEnum("Recipe", {name: name for name in RECIPES})


class Normalise(StrEnum):
    unicode = "unicode"
    ascii = "ascii"


class Device(StrEnum):
    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"


class Prior(StrEnum):
    flat = "flat"
    corpus = "corpus"


File = Annotated[Path, typer.Argument(metavar="FILE", help="A trained model.")]
Directory = Annotated[
    Path, typer.Argument(metavar="DIR", help="A folder, or a zip, of <category>.txt files.")
]
Seed = Annotated[int | None, typer.Option(help="The same seed gives the same names.")]


@app.command()
def train(
    directory: Directory,
    out: Annotated[Path, typer.Option(help="Where to write the model.", dir_okay=False)],
    network: Annotated[
        Network | None, typer.Option(help="gru where not given; the tutorial's for its recipe.")
    ] = None,
    recipe: Annotated[Recipe, typer.Option(help="How it is taught.")] = Recipe("default"),
    normalise: Annotated[
        Normalise, typer.Option(help="Keep each language's spelling, or fold it to ASCII.")
    ] = Normalise.unicode,
    seed: Annotated[int, typer.Option(help="The same seed gives the same weights.")] = 0,
    threads: Annotated[int | None, typer.Option(min=1, help="Processor threads.")] = None,
    device: Annotated[Device, typer.Option(help="auto takes CUDA where there is one.")] = Device.auto,
) -> None:
    """Teach a network the names of a folder."""
    if not out.parent.is_dir():
        raise ModelError(f"There is no folder {out.parent} to write to: make it first.")
    corpus = model.Corpus.read(directory, normalise.value)
    _say_what_was_dropped(corpus)
    with _shown(recipe) as on_progress:
        generator = model.train(
            corpus,
            network.value if network else None,
            recipe.value,
            seed=seed,
            threads=threads,
            device=device.value,
            on_progress=on_progress,
        )
    generator.save(out)
    held_out = generator.card.held_out
    console.print(
        f"Wrote {out}: {held_out.letters:.3f} nats a letter on {held_out.names} held-out names "
        f"({held_out.languages:.3f} as mean over categories), after {generator.card.seconds:.0f} s.",
        soft_wrap=True,
        highlight=False,
    )


@app.command()
def sample(
    file: File,
    category: Annotated[str, typer.Argument(help="Such as russian; case doesn't matter.")],
    letters: Annotated[str | None, typer.Argument(help="First letters: one name for each.")] = None,
    count: Annotated[int | None, typer.Option(help="How many names.")] = None,
    prefix: Annotated[str, typer.Option(help="What every name begins with.")] = "",
    temperature: Annotated[
        float, typer.Option(help="0 takes the likeliest letters, 1 the model's own mixture.")
    ] = 0.8,
    top_k: Annotated[int | None, typer.Option(help="Draw from the K likeliest letters only.")] = None,
    top_p: Annotated[
        float | None, typer.Option(help="Draw from the likeliest that hold this share only.")
    ] = None,
    novel: Annotated[bool, typer.Option("--novel", help="Only names that the corpus doesn't have.")] = False,
    seed: Seed = None,
) -> None:
    """Write names, one a line."""
    names = model.Generator.load(file).sample(
        category,
        letters=letters,
        count=count,
        prefix=prefix,
        temperature=temperature,
        top_k=top_k,
        top_p=top_p,
        novel=novel,
        seed=seed,
    )
    for name in names:
        typer.echo(name.text)


@app.command()
def evaluate(
    file: File,
    directory: Directory,
    as_json: Annotated[bool, typer.Option("--json", help="For a program to read.")] = False,
) -> None:
    """Measure a model on names: negative log-likelihood in nats a letter, lower is better."""
    generator = model.Generator.load(file)
    evaluation = generator.evaluate(model.Corpus.read(directory, generator.card.normalisation))
    if as_json:
        typer.echo(json.dumps(evaluation.model_dump(), ensure_ascii=False))
        return
    table = Table("category", "nats a letter")
    for category, nats in evaluation.categories.items():
        table.add_row(category, f"{nats:.3f}")
    table.add_section()
    table.add_row("mean over letters", f"{evaluation.letters:.3f}")
    table.add_row("mean over categories", f"{evaluation.languages:.3f}")
    console.print(table)


@app.command()
def classify(
    file: File,
    name: str,
    prior: Annotated[
        Prior, typer.Option(help="Hold all categories equally likely before, or as the corpus has them.")
    ] = Prior.flat,
) -> None:
    """How likely each category is, given a name."""
    probabilities = model.Generator.load(file).classify(name, prior=prior.value)
    for category, probability in sorted(probabilities.items(), key=lambda item: -item[1]):
        typer.echo(f"{probability:7.2%}  {category}")


@app.command()
def plot(
    file: File,
    out: Annotated[Path, typer.Option(help="Where to write the picture.", dir_okay=False)],
) -> None:
    """Draw the loss curves as PNG."""
    from model import plots  # matplotlib takes a second to import: only this command pays it

    card = model.Generator.load(file).card
    out.write_bytes(plots.loss_curve(card.curve, f"Loss of the {card.network.network} network"))
    typer.echo(f"Wrote {out}.")


def _say_what_was_dropped(corpus: model.Corpus) -> None:
    blank = sum(dropped.blank for dropped in corpus.dropped.values())
    duplicate = sum(dropped.duplicate for dropped in corpus.dropped.values())
    console.print(
        f"{len(corpus)} names in {len(corpus.categories)} categories; "
        f"dropped {blank} blank and {duplicate} repeated lines.",
        highlight=False,
    )


@contextmanager
def _shown(recipe: Recipe) -> Iterator[Callable[[model.Progress], None]]:
    """What shows the progress: the tutorial's lines, a bar on a terminal, else a line an epoch."""
    if recipe.value == "tutorial":
        yield _tutorial_line
    elif not console.is_terminal:
        yield _epoch_line
    else:
        with _bar() as bar:
            task = bar.add_task("", total=None, train=0.0, held_out="", left="")
            yield lambda progress: _move(bar, task, progress)


def _tutorial_line(progress: model.Progress) -> None:
    typer.echo(progress.tutorial_line())


def _epoch_line(progress: model.Progress) -> None:
    if progress.validation_loss is not None:
        typer.echo(
            f"epoch {progress.epoch}/{progress.epochs}  loss {progress.train_loss:.3f}  "
            f"held out {progress.validation_loss:.3f}  {progress.remaining:.0f} s left"
        )


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("loss {task.fields[train]:.3f}{task.fields[held_out]}"),
        TimeElapsedColumn(),
        TextColumn("{task.fields[left]}"),
        console=console,
    )


def _move(bar: Progress, task: int, progress: model.Progress) -> None:
    measured = [point.validation for point in progress.curve if point.validation is not None]
    bar.update(
        task,
        description=f"epoch {progress.epoch}/{progress.epochs}",
        completed=progress.step,
        total=progress.steps,
        train=progress.train_loss,
        held_out=f", held out {measured[-1]:.3f}" if measured else "",
        left=f"{progress.remaining:.0f} s left",
    )


def main() -> int:
    """Run a command; what the user got wrong is one line on stderr, and exit code 2."""
    try:
        app(prog_name="python -m model")
    except ModelError as error:
        print(f"error: {error}", file=sys.stderr)
    except OSError as error:
        print(f"error: {error.filename}: {error.strerror}", file=sys.stderr)
    else:
        return 0
    return _BAD_INPUT


if __name__ == "__main__":
    sys.exit(main())
