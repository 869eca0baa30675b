"""The model on the command line: python -m model train | sample | evaluate | classify | plot."""

import json
import secrets
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal

import torch
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

import model
from model.errors import ImpossibleOption, ModelError
from model.recipes import NetworkName, RecipeName

app = typer.Typer(
    help="Learn names by category and invent new ones.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
console = Console()

_BAD_INPUT = 2

File = Annotated[Path, typer.Argument(metavar="FILE", help="A trained model.")]
Directory = Annotated[
    Path, typer.Argument(metavar="DIR", help="A folder, or a zip, of <category>.txt files.")
]
Show = Callable[[model.Progress], None]


@app.command()
def train(
    directory: Directory,
    *,
    out: Annotated[Path, typer.Option(help="Where to write the model.", dir_okay=False)],
    network: Annotated[NetworkName | None, typer.Option(help="The recipe's own where not given.")] = None,
    recipe: Annotated[RecipeName, typer.Option(help="How it is taught.")] = "default",
    normalise: Annotated[
        Literal["unicode", "ascii"], typer.Option(help="Keep each language's spelling, or fold it to ASCII.")
    ] = "unicode",
    seed: Annotated[int, typer.Option(help="The same seed gives the same weights.")] = 0,
    threads: Annotated[int, typer.Option(min=1, help="Processor threads.")] = 1,
    device: Annotated[
        Literal["auto", "cpu", "cuda"], typer.Option(help="auto takes CUDA where there is one.")
    ] = "auto",
    start: Annotated[
        Path | None,
        typer.Option("--from", metavar="FILE", help="Start from a model, for names that have changed."),
    ] = None,
    resume: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Go on with a training that was stopped, to its end.")
    ] = None,
) -> None:
    """Teach a network the names of a folder. Ctrl-C stops it and keeps what it has learned."""
    if not out.parent.is_dir():
        raise ModelError("There is no folder {folder} to write to: make it first.", folder=out.parent)
    known, stopped = (model.Generator.load(path) if path else None for path in (start, resume))
    corpus = model.Corpus.read(directory, stopped.card.normalisation if stopped else normalise)
    _say_what_was_dropped(corpus)
    with _shown(recipe) as show, _interruptible() as interrupted:
        generator = model.train(
            corpus,
            network,
            recipe,
            seed=seed,
            threads=threads,
            device=device,
            on_progress=lambda progress: (show(progress), not interrupted())[1],
            start=known,
            resume=stopped,
        )
    generator.save(out)
    _say_what_was_written(generator, out)


@app.command()
def sample(
    file: File,
    category: Annotated[
        str | None, typer.Argument(help="Such as russian; case doesn't matter. Not with --blend.")
    ] = None,
    letters: Annotated[str | None, typer.Argument(help="First letters: one name for each.")] = None,
    *,
    count: Annotated[int | None, typer.Option(help="How many names.")] = None,
    prefix: Annotated[str, typer.Option(help="What every name begins with.")] = "",
    blend: Annotated[
        str | None, typer.Option(help="Between categories, by weight: russian=0.6,japanese=0.4")
    ] = None,
    temperature: Annotated[
        float, typer.Option(help="0 takes the likeliest letters, 1 the model's own mixture.")
    ] = 0.8,
    top_k: Annotated[int | None, typer.Option(help="Draw from the K likeliest letters only.")] = None,
    top_p: Annotated[
        float | None, typer.Option(help="Draw from the likeliest that hold this share only.")
    ] = None,
    min_length: Annotated[int | None, typer.Option(help="The fewest letters.")] = None,
    max_length: Annotated[int, typer.Option(help="The most letters.")] = 20,
    novel: Annotated[bool, typer.Option("--novel", help="Only names that the corpus doesn't have.")] = False,
    details: Annotated[
        bool, typer.Option("--details", help="Show how likely and how new each is, and the seed.")
    ] = False,
    seed: Annotated[int | None, typer.Option(help="The same seed gives the same names.")] = None,
) -> None:
    """Write names, one a line."""
    if (category is None) == (blend is None) and not (blend and letters is None):
        raise ImpossibleOption("Name a category, or a blend of some.")
    if blend and letters is None:
        category, letters = None, category
    seed = secrets.randbits(32) if seed is None else seed
    generator = model.Generator.load(file)
    names = generator.sample(
        _weights(blend) if blend else category or "",
        letters=letters,
        count=count,
        prefix=prefix,
        temperature=temperature,
        top_k=top_k,
        top_p=top_p,
        min_length=min_length,
        max_length=max_length,
        novel=novel,
        seed=seed,
    )
    if details:
        console.print(_details(generator, names), f"seed {seed}", highlight=False)
    else:
        typer.echo("\n".join(name.text for name in names))


@app.command()
def evaluate(
    file: File,
    directory: Directory,
    *,
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
    name: Annotated[str, typer.Argument(help="Any name in letters that the model knows.")],
    *,
    prior: Annotated[
        Literal["flat", "corpus"],
        typer.Option(help="Hold all categories equally likely before, or as the corpus has them."),
    ] = "flat",
) -> None:
    """How likely each category is, given a name."""
    probabilities = model.Generator.load(file).classify(name, prior=prior)
    for category, probability in sorted(probabilities.items(), key=lambda item: -item[1]):
        typer.echo(f"{probability:7.2%}  {category}")


@app.command()
def plot(
    file: File,
    *,
    out: Annotated[Path, typer.Option(help="Where to write the picture.", dir_okay=False)],
    name: Annotated[
        str | None, typer.Option(help="Draw how likely each category is, given this name.")
    ] = None,
    category: Annotated[
        str | None, typer.Option(help="With --name: draw how it is written in this category instead.")
    ] = None,
) -> None:
    """Draw as PNG the loss curves, or what the model thinks of a name."""
    from model import plots  # noqa: PLC0415 - matplotlib takes a second to import: only this command pays it

    generator = model.Generator.load(file)
    if category and not name:
        raise ImpossibleOption("Give the name that is written in the category.")
    if not name:
        picture = plots.loss_curve(
            generator.card.curve, f"Loss of the {generator.card.network.network} network"
        )
    elif category:
        picture = plots.writing(
            name, generator.next_letters(category, name), generator.find_category(category)
        )
    else:
        picture = plots.origins(name, generator.classify(name))
    out.write_bytes(picture)
    typer.echo(f"Wrote {out}.")


def _weights(blend: str) -> dict[str, float]:
    """Read `russian=0.6,japanese=0.4`."""
    weights: dict[str, float] = {}
    for part in blend.split(","):
        category, _, weight = part.rpartition("=")
        try:
            weights[category.strip()] = float(weight)
        except ValueError:
            raise ImpossibleOption(
                f"“{part}” is no part of a blend: write it as russian=0.6,japanese=0.4"
            ) from None
    return weights


def _details(generator: model.Generator, names: list[model.Name]) -> Table:
    table = Table("name", "nats", "new", "nearest", "edits")
    for name in names:
        near = generator.nearest(name.text)
        new = "new" if name.novel else "known"
        table.add_row(
            name.text, f"{-name.log_prob:.1f}", new, f"{near.text} ({near.category})", str(near.distance)
        )
    return table


def _say_what_was_dropped(corpus: model.Corpus) -> None:
    blank = sum(dropped.blank for dropped in corpus.dropped.values())
    duplicate = sum(dropped.duplicate for dropped in corpus.dropped.values())
    typer.echo(
        f"{len(corpus)} names in {len(corpus.categories)} categories; "
        f"dropped {blank} blank and {duplicate} repeated lines."
    )


def _say_what_was_written(generator: model.Generator, out: Path) -> None:
    held_out = generator.card.held_out
    typer.echo(
        f"Wrote {out}: {held_out.letters:.3f} nats a letter on {held_out.names} held-out names "
        f"({held_out.languages:.3f} as mean over categories), after {generator.card.seconds:.0f} s."
    )
    if generator.unfinished:
        typer.echo(f"It was stopped early: go on with --resume {out}")


@contextmanager
def _interruptible() -> Iterator[Callable[[], bool]]:
    """Whether Ctrl-C was pressed; a second one ends the program at once."""
    pressed = threading.Event()
    before = signal.getsignal(signal.SIGINT)

    def press(_signal: int, _frame: object) -> None:
        pressed.set()
        signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, press)
    try:
        yield pressed.is_set
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _shown(recipe: RecipeName) -> Iterator[Show]:
    """What shows the progress: the tutorial's lines, a bar on a terminal, else a line an epoch."""
    if recipe == "tutorial":
        yield _tutorial_line
    elif not console.is_terminal:
        yield _epoch_line
    else:
        with _bar() as bar:
            task = bar.add_task("", total=None, losses="", left="")
            yield lambda progress: _move(bar, task, progress)


def _tutorial_line(progress: model.Progress) -> None:
    typer.echo(progress.tutorial_line())


def _epoch_line(progress: model.Progress) -> None:
    if progress.validation_loss is None:
        return
    told = [f"epoch {progress.epoch}/{progress.epochs}"]
    if progress.train_loss is not None:
        told.append(f"loss {progress.train_loss:.3f}")
    told.append(f"held out {progress.validation_loss:.3f}")
    if progress.remaining is not None:
        told.append(f"{progress.remaining:.0f} s left")
    typer.echo("  ".join(told))


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[losses]}"),
        TimeElapsedColumn(),
        TextColumn("{task.fields[left]}"),
        console=console,
    )


def _move(bar: Progress, task: TaskID, progress: model.Progress) -> None:
    measured = [point.validation for point in progress.curve if point.validation is not None]
    held_out = measured[-1] if measured else progress.validation_loss
    losses = {"loss": progress.train_loss, "held out": held_out}
    bar.update(
        task,
        description=f"epoch {progress.epoch}/{progress.epochs}",
        completed=progress.step,
        total=progress.steps,
        losses=", ".join(f"{what} {loss:.3f}" for what, loss in losses.items() if loss is not None),
        left="" if progress.remaining is None else f"{progress.remaining:.0f} s left",
    )


def main() -> int:
    """Run a command; what the user got wrong is one line on stderr, and exit code 2."""
    torch.set_num_threads(1)  # networks this small gain nothing by more, and lose on a busy machine
    try:
        app(prog_name="python -m model")
    except ModelError as error:
        typer.echo(f"error: {error}", err=True)
    except OSError as error:
        typer.echo(f"error: {error.filename}: {error.strerror}", err=True)
    else:
        return 0
    return _BAD_INPUT


if __name__ == "__main__":
    sys.exit(main())
