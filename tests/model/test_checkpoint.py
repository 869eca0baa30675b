import pickle
from pathlib import Path

import pytest
import torch
from safetensors.torch import load, save

from model import CheckpointError, Corpus, Generator, train
from model.card import FORMAT_VERSION, Card
from model.checkpoint import _metadata


def _rewritten(content: bytes, *, metadata: dict[str, str] | None = None, **weights: torch.Tensor) -> bytes:
    return save({**load(content), **weights}, {**_metadata(content), **(metadata or {})})


def test_save_and_load_is_bit_exact(generator: Generator, tmp_path: Path) -> None:
    path = tmp_path / "names.safetensors"
    generator.save(path)
    loaded = Generator.load(path)
    assert loaded.to_bytes() == generator.to_bytes() == path.read_bytes()
    assert loaded.card == generator.card
    assert loaded.log_probs("Elvish", "Galador") == generator.log_probs("Elvish", "Galador")
    assert loaded.sample("Elvish", count=5, seed=1) == generator.sample("Elvish", count=5, seed=1)


def test_the_file_tells_everything_needed(generator: Generator) -> None:
    card = Card.model_validate_json(_metadata(generator.to_bytes())["namesmith"])
    assert card.format_version == FORMAT_VERSION
    assert card.categories == generator.categories == ["Dwarvish", "Elvish", "Tavern"]
    assert card.alphabet == generator.alphabet
    assert card.counts == {"Dwarvish": 80, "Elvish": 90, "Tavern": 12}
    assert card.normalisation == "unicode"
    assert card.curve
    assert card.held_out.names > 0
    assert card.network == generator.card.network


def test_saving_replaces_the_old_file_and_leaves_nothing_beside(generator: Generator, tmp_path: Path) -> None:
    path = tmp_path / "names.safetensors"
    path.write_bytes(b"old")
    generator.save(str(path))
    assert Generator.load(str(path)).card == generator.card
    assert list(tmp_path.iterdir()) == [path]


def test_a_save_that_fails_leaves_the_old_file_whole(
    generator: Generator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    path = tmp_path / "names.safetensors"
    path.write_bytes(b"old")
    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        generator.save(path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("length", [0, 7, 8, 100, -1])
def test_a_truncated_file_is_refused(gru_generator: Generator, length: int) -> None:
    with pytest.raises(CheckpointError, match="not a whole model file"):
        Generator.from_bytes(gru_generator.to_bytes()[:length])


class _Trap:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return pytest.fail, ("it was unpickled",)


def test_nothing_is_ever_unpickled(tmp_path: Path) -> None:
    path = tmp_path / "trap.pt"
    torch.save(_Trap(), path)
    for content in (path.read_bytes(), pickle.dumps(_Trap())):
        with pytest.raises(CheckpointError):
            Generator.from_bytes(content)


def test_a_foreign_safetensors_file_is_refused() -> None:
    with pytest.raises(CheckpointError, match="isn't a Namesmith model"):
        Generator.from_bytes(save({"weight": torch.zeros(1)}))


def test_a_newer_file_is_refused(gru_generator: Generator) -> None:
    card = f'{{"format_version": {FORMAT_VERSION + 1}, "what": "a later program knows"}}'
    newer = _rewritten(gru_generator.to_bytes(), metadata={"namesmith": card})
    with pytest.raises(CheckpointError, match=f"format {FORMAT_VERSION + 1}, this program reads up to"):
        Generator.from_bytes(newer)


@pytest.mark.parametrize(
    "card",
    ["", "{}", "not JSON", '{"network": {"network": "oracle"}}'],
    ids=["empty", "bare", "text", "unknown"],
)
def test_a_card_that_makes_no_sense_is_refused(gru_generator: Generator, card: str) -> None:
    with pytest.raises(CheckpointError, match="don't fit together"):
        Generator.from_bytes(_rewritten(gru_generator.to_bytes(), metadata={"namesmith": card}))


def test_weights_that_dont_fit_the_card_are_refused(gru_generator: Generator) -> None:
    with pytest.raises(CheckpointError, match="don't fit together"):
        Generator.from_bytes(_rewritten(gru_generator.to_bytes(), stowaway=torch.zeros(3)))


@pytest.mark.parametrize(
    "wrong", [{"of": [99]}, {"text": [-1]}, {"of": [0], "text": [99]}, {"of": [], "text": []}, {"of": None}]
)
def test_counts_of_names_that_make_no_sense_are_refused(
    corpus: Corpus, wrong: dict[str, list[int] | None]
) -> None:
    content = train(corpus, "ngram").to_bytes()
    weights = {
        name: torch.zeros(2) if numbers is None else torch.tensor(numbers, dtype=torch.int16)
        for name, numbers in wrong.items()
    }
    with pytest.raises(CheckpointError, match="don't fit together"):
        Generator.from_bytes(_rewritten(content, **weights))


@pytest.mark.parametrize("wrong", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers_are_refused(generator: Generator, wrong: float) -> None:
    content = generator.to_bytes()
    name, weight = next(item for item in load(content).items() if item[1].is_floating_point())
    with pytest.raises(CheckpointError, match="no numbers"):
        Generator.from_bytes(_rewritten(content, **{name: torch.full_like(weight, wrong)}))


def test_a_missing_file_is_the_systems_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Generator.load(tmp_path / "none")
