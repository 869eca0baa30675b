"""What a hostile member types, uploads and clicks, as hypothesis strategies."""

import io
import zipfile

from hypothesis import strategies as st

_MARKDOWN = [
    *("*qzx*", "**qzx**", "_qzx_", "__qzx__", "~~qzx~~", "||qzx||", "`qzx`", "```qzx```", "***qzx"),
    *("# qzx", "## qzx", "-# qzx", "> qzx", ">>> qzx", "- qzx", "* qzx", "1. qzx", "+ qzx"),
    *("[qzx](https://qzx.example)", "[qzx](<https://qzx.example>)", "[qzx]", "(https://qzx.example)"),
    *("https://qzx.example", "http://qzx.example/a_b_c", "<https://qzx.example>", "discord.gg/qzx"),
    *("\\", "qzx\\", "\\*", "\\\\", "*", "_", "`", "|", "~", "#", ">", "<", "-", "[", "]", "(", ")"),
]
_MENTIONS = [
    *("@everyone", "@here", "<@999999999999999999>", "<@!999999999999999999>", "<@&999999999999999999>"),
    *("<#999999999999999999>", "</name:999999999999999999>", "<t:0:R>", "<id:customize>", "<sound:1:2>"),
    *("<:qzx:999999999999999999>", "<a:qzx:999999999999999999>", ":joy:", "@\u200beveryone"),
]
_UNSEEN = [
    *("\u200b", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u034f", "\u3164", "\u115f", "\ufe0f", "\U000e0041"),
    *("\u202e", "\u202d", "\u2066", "\u2067", "\u2069", "\u061c", "\u200f"),
    *("\0", "\x07", "\x1b[31m", "\x7f", "\x85", "\r", "\n", "\r\n", "\u2028", "\u2029", "\t", "\v", "\ufffe"),
]
_STRANGE = [
    *(
        "\u0301" * 20,
        "e\u0301",
        "ﷺ",
        "㍿",
        "ß",
        "İ",
        "ﬃ",
        "²",
        "٣",
        "Ⅷ",
        "𝕏",
        "👨\u200d👩\u200d👧",
        "\U0001f1e9",
        "𒐫",
    ),
    *(
        "{}",
        "{0}",
        "{language}",
        "{{",
        "%s",
        "%(x)s",
        "$x^2$",
        "\\frac",
        "&lt;",
        "&#42;",
        "'; DROP TABLE names;--",
    ),
    *('"', '""', "'", ",", ";", "=cmd()", "../", "..\\", "/etc/passwd", "C:\\", "con", "a" * 30, " ", "  "),
]

texts = st.lists(
    st.sampled_from([*_MARKDOWN, *_MENTIONS, *_UNSEEN, *_STRANGE]) | st.text(max_size=4),
    min_size=1,
    max_size=8,
).map("".join)
"""Text that tries to be more than text."""


def typed(longest: int, shortest: int = 1) -> st.SearchStrategy[str]:
    """What an option of so many characters lets through."""
    return texts.map(lambda text: text[:longest]).filter(lambda text: len(text) >= shortest)


def _zipped(files: list[tuple[str, bytes]]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(zipfile.ZipInfo(name or "x"), content)
    return buffer.getvalue()


_lines = st.lists(texts, max_size=30).map("\n".join)
_cells = st.lists(st.lists(texts | st.just('"'), min_size=1, max_size=3), max_size=20)
_csv = st.tuples(st.sampled_from(",;\t"), _cells).map(
    lambda sheet: "\n".join(sheet[0].join(row) for row in sheet[1])
)
_contents = st.one_of(
    (_lines | _csv).flatmap(
        lambda text: st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "latin-1"]).map(
            lambda encoding: text.encode(encoding, "replace")
        )
    ),
    st.binary(max_size=200),
)
_endings = st.sampled_from([".txt", ".csv", ".TXT", ".zip", ".txt.zip", "", ".", ".md", ".txt\0", ".tsv"])
_paths = st.tuples(
    st.sampled_from(["", "../", "/", "a/", "..\\", "__MACOSX/", "."]), typed(40), _endings
).map("".join)
_bombs = st.sampled_from([b"0\n" * 2**21, b"\0" * 2**21, b"a" * 2**21])
_archives = st.recursive(
    st.lists(st.tuples(_paths, _contents), max_size=5).map(_zipped),
    lambda inner: st.lists(st.tuples(_paths, inner), min_size=1, max_size=2).map(_zipped),
    max_leaves=3,
)


def _damaged(archive: bytes, at: int, byte: int) -> bytes:
    place = at % max(len(archive), 1)
    return archive[:place] + bytes([byte]) + archive[place + 1 :]


zips = st.one_of(
    _archives,
    st.builds(_damaged, _archives, st.integers(0, 10_000), st.integers(0, 255)),
    st.builds(lambda archive, size: archive[:size], _archives, st.integers(0, 300)),
)
uploads = st.one_of(
    st.tuples(_paths, _contents),
    st.tuples(_paths.map(lambda path: f"{path}.zip"), zips),
)
"""A file's name and its content."""

bombs = st.builds(lambda path, content: ("x.zip", _zipped([(f"{path}.txt", content)])), typed(10), _bombs)
"""Small archives of much."""

names = st.lists(typed(49).map(lambda text: f"{text}x"), min_size=12, max_size=40, unique=True)
"""Enough names to be a category."""

custom_ids = st.one_of(
    st.from_regex(
        r"(again|more|write|star|keep|remove|cancel|retrain|mood|favourites|forget):[0-9]{1,18}",
        fullmatch=True,
    ),
    st.from_regex(r"h:[a-zA-Z][0-3][-+][0-9a-f]{0,15}:[0-9a-f]{1,16}:[0-9]{1,2}:.{0,40}", fullmatch=True),
    st.builds(
        "{}:{}".format,
        st.sampled_from(
            [
                *("again", "more", "write", "star", "mood", "pick", "keep", "remove", "favourites", "names"),
                *("favourites-file", "forget", "cancel", "retrain", "like", "privacy", "h"),
            ]
        ),
        texts
        | st.integers(0, 2**70).map(str)
        | st.sampled_from(["txt", "export", "1:Elves", "-1", "١", "0x1"]),
    ),
    texts,
).map(lambda text: text[:100] or "?")
"""IDs of buttons, selects and forms that we never made, and some that we might have."""
