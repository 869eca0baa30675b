import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import model
from model import Generator
from model.__main__ import main
from model.networks import GruConfig
from model.recipes import RECIPES, Batched, OneByOne

Run = tuple[int, str, str]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    """Run a command in this process: exit code, standard output, standard error."""

    def run(*arguments: object) -> Run:
        monkeypatch.setattr(sys, "argv", ["model", *map(str, arguments)])
        try:
            code = main()
        except SystemExit as exit_:  # typer's own, for usage errors
            code = int(exit_.code or 0)
        out, err = capsys.readouterr()
        return code, out, err

    return run


def test_sample_as_the_tutorial_in_a_process_of_its_own(checkpoint_file: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "model", "sample", checkpoint_file, "elvish", "gea"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert [line[0] for line in ran.stdout.splitlines()] == ["G", "E", "A"]


def test_an_error_in_a_process_of_its_own_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    (tmp_path / "other").write_bytes(b"something else")
    ran = subprocess.run(
        [sys.executable, "-m", "model", "sample", tmp_path / "other", "elvish"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 2
    assert re.fullmatch(r"error: This is not a whole model file.*\n", ran.stderr)
    assert ran.stdout == ""


def test_train_writes_a_model_and_prints_a_line_an_epoch(
    run, corpus_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(RECIPES, "default", Batched(epochs=2))
    code, out, err = run(
        "train", corpus_folder, "--out", tmp_path / "m", "--seed", 3, "--threads", 1, "--network", "gru"
    )
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "182 names in 3 categories; dropped 0 blank and 0 repeated lines."
    assert re.fullmatch(r"epoch 0/2  held out \d\.\d{3}", lines[1])
    assert re.fullmatch(r"epoch 1/2  loss \d\.\d{3}  held out \d\.\d{3}  \d+ s left", lines[2])
    assert re.match(r"Wrote .*: \d\.\d{3} nats a letter on \d+ held-out names", lines[4])
    card = Generator.load(tmp_path / "m").card
    assert (card.seed, card.network.network, card.normalisation) == (3, "gru", "unicode")


def test_train_folds_to_ascii_where_asked(run, corpus_folder: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setitem(RECIPES, "default", Batched(epochs=1))
    assert (
        run("train", corpus_folder, "--out", tmp_path / "m", "--normalise", "ascii", "--network", "gru")[0]
        == 0
    )
    assert Generator.load(tmp_path / "m").alphabet.isascii()


def test_the_tutorials_recipe_prints_the_tutorials_lines(
    run, corpus_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(RECIPES, "tutorial", OneByOne(steps=40, report=20, average=10))
    _, out, _ = run("train", corpus_folder, "--out", tmp_path / "m", "--recipe", "tutorial")
    assert [line.partition("(")[2][:6] for line in out.splitlines()[1:3]] == ["20 50%", "40 100"]


def test_sample_takes_its_options(run, checkpoint_file: Path) -> None:
    arguments = ("sample", checkpoint_file, "elvish", "--count", 5, "--prefix", "Gal", "--temperature", 1.0)
    more = ("--top-k", 10, "--top-p", 0.9, "--novel", "--seed", 4)
    code, out, _ = run(*arguments, *more)
    assert code == 0
    expected = Generator.load(checkpoint_file).sample(
        "elvish", count=5, prefix="Gal", temperature=1.0, top_k=10, top_p=0.9, novel=True, seed=4
    )
    assert out.splitlines() == [name.text for name in expected]


def test_a_blend_may_be_sampled_with_letters_and_without(run, checkpoint_file: Path) -> None:
    arguments = ("sample", checkpoint_file, "--blend", "elvish=0.6, dwarvish=0.4", "--seed", 4)
    expected = Generator.load(checkpoint_file).sample({"elvish": 0.6, "dwarvish": 0.4}, seed=4)
    assert run(*arguments)[1].splitlines() == [name.text for name in expected]
    assert [line[0] for line in run(*arguments, "gb")[1].splitlines()] == ["G", "B"]


def test_lengths_are_kept(run, checkpoint_file: Path) -> None:
    _, out, _ = run("sample", checkpoint_file, "elvish", "--min-length", 6, "--max-length", 8, "--count", 9)
    assert all(6 <= len(line) <= 8 for line in out.splitlines())


def test_details_show_what_is_known_of_each_name_and_a_seed_that_replays_them(
    run, checkpoint_file: Path
) -> None:
    _, out, _ = run("sample", checkpoint_file, "elvish", "g", "--details")
    row = next(line for line in out.splitlines() if "│ G" in line)
    name, nats, new, nearest, edits = (cell.strip() for cell in row.strip("│").split("│"))
    seed = out.split("seed ")[1].strip()
    (again,) = Generator.load(checkpoint_file).sample("elvish", letters="g", seed=int(seed))
    assert (name, float(nats)) == (again.text, pytest.approx(-again.log_prob, abs=0.06))
    assert new == ("new" if again.novel else "known")
    near = Generator.load(checkpoint_file).nearest(name)
    assert (nearest, int(edits)) == (f"{near.text} ({near.category})", near.distance)


def test_evaluate_prints_a_table(run, checkpoint_file: Path, corpus_folder: Path) -> None:
    code, out, _ = run("evaluate", checkpoint_file, corpus_folder)
    assert code == 0
    for row in ("Dwarvish", "Elvish", "Tavern", "mean over letters", "mean over categories"):
        assert re.search(rf"{row}\W+\d\.\d{{3}}", out)


def test_evaluate_prints_json(run, checkpoint_file: Path, corpus_folder: Path, corpus: model.Corpus) -> None:
    _, out, _ = run("evaluate", checkpoint_file, corpus_folder, "--json")
    printed = json.loads(out)
    assert printed == Generator.load(checkpoint_file).evaluate(corpus).model_dump()
    assert set(printed) == {"categories", "letters", "languages", "names"}


def test_classify_prints_the_likeliest_first(run, checkpoint_file: Path) -> None:
    _, out, _ = run("classify", checkpoint_file, "Galadriel", "--prior", "corpus")
    assert out.splitlines()[0].split()[1] == "Elvish"
    shares = [float(line.split()[0].rstrip("%")) for line in out.splitlines()]
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) == pytest.approx(100, abs=0.1)


def test_plot_writes_a_png(run, checkpoint_file: Path, tmp_path: Path) -> None:
    code, _, _ = run("plot", checkpoint_file, "--out", tmp_path / "loss.png")
    assert code == 0
    assert (tmp_path / "loss.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("options", [["--name", "Galador"], ["--name", "Galador", "--category", "elvish"]])
def test_plot_draws_what_it_thinks_of_a_name(
    run, checkpoint_file: Path, tmp_path: Path, options: list[str]
) -> None:
    assert run("plot", checkpoint_file, "--out", tmp_path / "name.png", *options)[0] == 0
    assert (tmp_path / "name.png").read_bytes().startswith(b"\x89PNG")


def test_a_training_stopped_by_ctrl_c_is_kept_and_resumed(
    run, corpus_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(RECIPES, "default", Batched(GruConfig(hidden=8), epochs=3))

    def press_ctrl_c(progress: model.Progress) -> None:
        if progress.epoch == 2:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr("model.__main__._epoch_line", press_ctrl_c)
    code, out, _ = run("train", corpus_folder, "--out", tmp_path / "part")
    assert code == 0
    assert f"go on with --resume {tmp_path / 'part'}" in out.replace("\n", "")
    monkeypatch.setattr("model.__main__._epoch_line", lambda progress: None)
    assert run("train", corpus_folder, "--out", tmp_path / "whole", "--resume", tmp_path / "part")[0] == 0
    assert len(Generator.load(tmp_path / "whole").card.curve) == 3


def test_train_starts_from_a_model(
    run, checkpoint_file: Path, corpus_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(RECIPES, "default", Batched(epochs=2))
    assert run("train", corpus_folder, "--out", tmp_path / "m", "--from", checkpoint_file)[0] == 0
    assert Generator.load(tmp_path / "m").card.network == Generator.load(checkpoint_file).card.network


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["sample", "{file}", "klingon"], "error: I know no category “klingon”.*"),
        (["sample", "{file}", "elvish", "z"], "error: No Elvish name begins with “z”.*"),
        (["sample", "{file}", "elvish", "--temperature", "-1"], "error: The temperature is -1.*"),
        (["sample", "nowhere", "elvish"], "error: nowhere: No such file or directory"),
        (["train", "nowhere", "--out", "m"], "error: nowhere is neither a folder nor a zip.*"),
        (["train", "{folder}", "--out", "nowhere/m"], "error: There is no folder nowhere to write to.*"),
        (["evaluate", "{file}", "nowhere"], "error: nowhere is neither.*"),
        (["classify", "{file}", "Ω"], "error: The model doesn't know the letter Ω.*"),
        (["sample", "{file}"], "error: Name a category, or a blend of some."),
        (["sample", "{file}", "elvish", "ga", "--blend", "elvish=1"], "error: Name a category, or a blend.*"),
        (["sample", "{file}", "--blend", "elvish"], "error: “elvish” is no part of a blend.*"),
        (
            ["plot", "{file}", "--out", "x.png", "--category", "elvish"],
            "error: Give the name that is written.*",
        ),
        (["train", "{folder}", "--out", "m", "--resume", "{file}"], "error: This model has nothing left.*"),
        (["plot", "{file}", "--out", "nowhere/x.png"], "error: nowhere/x.png: No such file or directory"),
    ],
)
def test_what_the_user_got_wrong_is_one_line_and_exit_code_2(
    run, checkpoint_file: Path, corpus_folder: Path, arguments: list[str], message: str
) -> None:
    code, out, err = run(
        *(argument.format(file=checkpoint_file, folder=corpus_folder) for argument in arguments)
    )
    assert code == 2
    assert re.fullmatch(message + "\n", err)
    assert "Traceback" not in err
    assert not out or "names in" in out


def test_an_unknown_option_is_a_usage_error(run, checkpoint_file: Path) -> None:
    assert run("sample", checkpoint_file, "elvish", "--loud")[0] == 2


def test_help_names_every_command(run) -> None:
    _, out, _ = run("--help")
    assert all(command in out for command in ("train", "sample", "evaluate", "classify", "plot"))
