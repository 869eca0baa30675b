"""Uploads of admins: what is taken, what is dropped, and that nothing hostile gets through."""

import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import Refusal
from bot.uploads import Bounds, Taken, read_lines, read_upload

BOUNDS = Bounds()


def zipped(**files: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def test_a_text_file_is_a_category_of_its_own_name() -> None:
    assert read_upload("Elves.txt", b"Aelin\nBor\n", None, BOUNDS) == [Taken("Elves", ("Aelin", "Bor"))]


def test_a_given_category_goes_before_the_files_name() -> None:
    assert read_upload("list.txt", b"Aelin", " High  Elves ", BOUNDS)[0].category == "High Elves"


def test_what_is_dropped_is_counted() -> None:
    lines = f"Aelin\n\n  Aelin \n{'x' * 51}\n\u200b\na\x07b\n***\nBor"

    assert read_upload("e.txt", lines.encode(), None, BOUNDS) == [
        Taken("e", ("Aelin", "Bor"), blank=1, duplicate=1, too_long=1, not_text=3)
    ]


def test_what_turns_the_direction_of_writing_is_no_name() -> None:
    (taken,) = read_upload("e.txt", "Ael\u202ein\nBor\u2067\nZwölf".encode(), None, BOUNDS)

    assert taken.names == ("Zwölf",)
    assert taken.not_text == 2


@pytest.mark.parametrize(
    "content",
    ["name,age\nAelin,3\nBor,4", "Surname;x\r\nAelin;1\r\nBor;2\r\n", "Aelin\nBor", '"Aelin","a, b"\n"Bor",'],
)
def test_the_first_column_of_a_csv(content: str) -> None:
    assert read_upload("e.csv", content.encode(), None, BOUNDS)[0].names == ("Aelin", "Bor")


def test_a_quoted_comma_is_part_of_the_name() -> None:
    assert read_upload("e.csv", b'"Bor, the Old",1', None, BOUNDS)[0].names == ("Bor, the Old",)


def test_any_script_is_kept_as_it_is() -> None:
    assert read_upload("e.txt", "Ωρίων\nクロ\n".encode("utf-16"), None, BOUNDS)[0].names == ("Ωρίων", "クロ")


def test_a_zip_brings_several_categories() -> None:
    content = zipped(**{"a/Elves.txt": b"Aelin", "Orcs.csv": b"name\nGrok", "../Up.txt": b"Out", "x.me": b""})

    assert {part.category: part.names for part in read_upload("x.zip", content, None, BOUNDS)} == {
        "Elves": ("Aelin",),
        "Orcs": ("Grok",),
        "Up": ("Out",),
    }


@pytest.mark.parametrize(
    ("filename", "content", "told"),
    [
        ("e.pdf", b"x", "neither .txt"),
        ("e.txt", b"", "no usable name"),
        ("e.txt", b"\xff\xfe\x00", "not text in UTF-8"),
        ("e.txt", b"M\xfcller", "not text in UTF-8"),
        ("e.zip", b"PK no zip", "damaged"),
        ("e.zip", zipped(**{"inner.zip": zipped(**{"e.txt": b"Aelin"})}), "no usable name"),
        ("e.zip", zipped(**{"bomb.txt": b"0\n" * 2**22}), "unpacks to more"),
        ("e.txt", b"x" * (2 * 2**20 + 1), "larger than"),
        ("e.txt", "\n".join(f"n{i}" for i in range(20_001)).encode(), "more than 20,000"),
        ("e.csv", b'"' + b"x" * 200_000, "CSV"),
    ],
)
def test_what_cannot_be_taken_is_told(filename: str, content: bytes, told: str) -> None:
    with pytest.raises(Refusal, match=told):
        read_upload(filename, content, None, BOUNDS)


@pytest.mark.parametrize(("at", "byte"), [(107, 1), (32, 0x80)])
def test_a_zip_that_lies_about_its_places_or_names_is_refused(at: int, byte: int) -> None:
    """A byte of the place of its list of files, or of a name: zipfile raises a ValueError for either."""
    content = bytearray(zipped(**{"É.txt": b""}))
    content[at] = byte

    with pytest.raises(Refusal):
        read_upload("e.zip", bytes(content), None, BOUNDS)


def test_a_zip_takes_no_category() -> None:
    with pytest.raises(Refusal, match="leave the category out"):
        read_upload("e.zip", zipped(**{"e.txt": b"Aelin"}), "Elves", BOUNDS)


def test_typed_lines() -> None:
    assert read_lines("Elves", "Aelin\n\nBor", BOUNDS).names == ("Aelin", "Bor")
    with pytest.raises(Refusal):
        read_lines("Elves", " \n ", BOUNDS)


@given(st.sampled_from([".txt", ".csv", ".zip", ""]), st.binary(max_size=400))
def test_no_upload_does_anything_but_be_taken_or_refused(suffix: str, content: bytes) -> None:
    try:
        taken = read_upload(f"x{suffix}", content, None, BOUNDS)
    except Refusal:
        return
    for part in taken:
        assert all(0 < len(name) <= BOUNDS.letters and name == name.strip() for name in part.names)
        assert len(set(part.names)) == len(part.names)


FILENAMES = st.text(
    st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=20
)  # zipfile cuts there


@given(st.dictionaries(FILENAMES, st.text(max_size=60), min_size=1, max_size=4))
def test_any_text_in_a_zip_is_taken_or_refused(files: dict[str, str]) -> None:
    content = zipped(**{f"{name}.txt": text.encode("utf-8", "ignore") for name, text in files.items()})
    try:
        read_upload("x.zip", content, None, BOUNDS)
    except Refusal:
        return
