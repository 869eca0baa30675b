import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model import Corpus, CorpusError
from model.corpus import Dropped


def _write(folder: Path, **files: str | bytes) -> Path:
    for category, content in files.items():
        data = content.encode() if isinstance(content, str) else content
        (folder / f"{category}.txt").write_bytes(data)
    return folder


def _zip(**files: str | bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for filename, content in files.items():
            archive.writestr(filename, content)
    return buffer.getvalue()


def test_reads_a_folder_with_sorted_categories(tmp_path: Path) -> None:
    _write(tmp_path, Welsh="Rhys\nLloyd\n", Arabic="Nasser\n", Notes="x")
    (tmp_path / "README.md").write_text("not a category")
    corpus = Corpus.read(tmp_path)
    assert corpus.categories == ["Arabic", "Notes", "Welsh"]
    assert corpus.names["Welsh"] == ("Rhys", "Lloyd")
    assert len(corpus) == 4


def test_folder_zip_and_bytes_of_a_zip_read_alike(tmp_path: Path) -> None:
    folder = tmp_path / "names"
    folder.mkdir()
    _write(folder, A="Ann\nÁdám\n", B="Bob\n")
    content = _zip(**{"names/B.txt": "Bob\n", "names/A.txt": "Ann\nÁdám\n", "README.md": "no"})
    archive = tmp_path / "names.zip"
    archive.write_bytes(content)
    assert Corpus.read(folder) == Corpus.read(str(archive)) == Corpus.read(content)


def test_files_that_macos_packs_beside_are_passed_over() -> None:
    corpus = Corpus.read(_zip(**{"A.txt": "Ann", "__MACOSX/A.txt": b"\xff", "._A.txt": b"\xff"}))
    assert corpus.names == {"A": ("Ann",)}


def test_lines_are_stripped_normalised_and_what_is_dropped_is_counted(tmp_path: Path) -> None:
    _write(tmp_path, A="\ufeff Ann \r\n\r\nAnn\nA\u0301da\n\n")
    corpus = Corpus.read(tmp_path)
    assert corpus.names["A"] == ("Ann", "Áda")
    assert corpus.dropped["A"] == Dropped(blank=2, duplicate=1)
    assert corpus.alphabet == "Aadná".replace("á", "") + "Á"


def test_ascii_normalisation_folds_before_duplicates_are_found() -> None:
    corpus = Corpus.of({"A": ["O'Néàl", "O'Neal"]}, "ascii")
    assert corpus.names["A"] == ("O'Neal",)
    assert corpus.dropped["A"].duplicate == 1


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({}, "No names in .*: it needs one file <category>.txt for each category"),
        ({"A": b"Ann\nM\xfcller\n"}, r"A.txt isn't UTF-8 \(line 2\)"),
        ({"A": "Ann", "B": " \n\n"}, "B has no name left"),
        ({"A": "Ann\n" + "x" * 51}, "A has a name of 51 letters"),
        ({"A": "Ann", "a": "Bob"}, "two files for a"),
    ],
)
def test_what_cant_be_learned_from_is_refused_with_a_sentence(
    tmp_path: Path, files: dict[str, str | bytes], sentence: str
) -> None:
    with pytest.raises(CorpusError, match=sentence):
        Corpus.read(_write(tmp_path, **files))
    with pytest.raises(CorpusError, match=sentence):
        Corpus.read(_zip(**{f"{category}.txt": content for category, content in files.items()}))


def test_a_name_of_fifty_letters_is_read() -> None:
    assert len(Corpus.of({"A": ["x" * 50]})) == 1


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="neither a folder nor a zip"):
        Corpus.read(tmp_path / "nowhere")


def test_no_categories_at_all_are_refused() -> None:
    with pytest.raises(CorpusError, match="at least one category"):
        Corpus.of({})


@pytest.mark.parametrize("content", [b"no zip", b"PK\x03\x04 torn off", b""])
def test_bytes_that_are_no_zip_are_refused(content: bytes) -> None:
    with pytest.raises(CorpusError, match="zip can't be read"):
        Corpus.read(content)


def test_a_damaged_zip_is_refused() -> None:
    content = bytearray(_zip(**{"A.txt": "Ann"}))
    content[content.index(b"Ann")] ^= 1
    with pytest.raises(CorpusError, match="zip can't be read"):
        Corpus.read(bytes(content))


def test_a_zip_that_unpacks_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("model.corpus.LARGEST_ARCHIVE", 3)
    with pytest.raises(CorpusError, match="unpacks to more than"):
        Corpus.read(_zip(**{"A.txt": "Anna"}))


_names = st.text("abcdeé' ", min_size=1, max_size=12).filter(str.strip)
_corpora = st.dictionaries(
    st.sampled_from("PQRS"), st.lists(_names, min_size=1, max_size=30), min_size=1
).map(Corpus.of)


@given(_corpora)
def test_to_zip_and_back_is_the_same_corpus(corpus: Corpus) -> None:
    assert Corpus.read(corpus.to_zip()).names == corpus.names
    assert corpus.to_zip() == Corpus.of(dict(corpus.names)).to_zip()


@given(_corpora, st.integers(0, 5), st.floats(0.05, 0.5))
def test_split_parts_each_category_into_both_sides(corpus: Corpus, seed: int, fraction: float) -> None:
    training, held_out = corpus.split(seed, fraction)
    assert training.categories == held_out.categories == corpus.categories
    for category, names in corpus.names.items():
        kept, left = training.names[category], held_out.names[category]
        assert kept
        assert left
        assert set(kept) | set(left) == set(names)
        assert len(names) == 1 or not set(kept) & set(left)


def test_split_holds_out_about_the_fraction_by_seed() -> None:
    corpus = Corpus.of({"A": [f"name {number}" for number in range(2000)]})
    sizes = [len(corpus.split(seed, 0.1)[1]) for seed in range(5)]
    assert all(150 < size < 250 for size in sizes)
    assert corpus.split(0) == corpus.split(0)
    assert corpus.split(0) != corpus.split(1)


def test_split_goes_by_name_so_that_a_name_in_two_categories_is_on_one_side() -> None:
    names = [f"name {number}" for number in range(500)]
    training, held_out = Corpus.of({"A": names, "B": names[100:]}).split()
    assert not {name for _, name in training.pairs()} & {name for _, name in held_out.pairs()}


def test_names_added_later_move_no_other() -> None:
    names = [f"name {number}" for number in range(500)]
    before = Corpus.of({"A": names}).split()[1].names["A"]
    after = Corpus.of({"A": [*names, *(f"later {number}" for number in range(100))]}).split()[1].names["A"]
    assert set(before) <= set(after)
