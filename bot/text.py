"""Text of strangers, made fit to be shown: names and categories may hold anything."""

import re
from collections.abc import Iterable

import discord

DIRECTIONS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Unseen characters that turn around what follows them, the rest of a card too."""

_ACTIVE = re.compile(
    r"""(?mx)
    (?P<anywhere> [\\*_~|`<\[] | :(?=//) )    # emphasis, code, spoilers, mentions, emoji, times, links
    | ^(?P<before> [^\S\n]*\d* )(?P<first> [\#>+.-] )    # a heading, a quote, a list
    """
)


def plain(text: str) -> str:
    """The text without effect: no Markdown, mention, emoji, timestamp, link, or change of direction.

    discord.py's `escape_markdown` leaves numbered lists, and links that two texts beside each other make.
    """
    straight = "".join(letter for letter in text if letter not in DIRECTIONS)
    return discord.utils.escape_mentions(_ACTIVE.sub(_escaped, straight))


def fitting(parts: Iterable[str], room: int, between: str = ", ") -> str:
    """The parts side by side, as many of them as so many characters hold; an ellipsis stands for the rest."""
    whole = ""
    for part in parts:
        longer = f"{whole}{between}{part}" if whole else part
        if len(longer) + len(between) + 1 > room:
            return f"{whole}{between}…"
        whole = longer
    return whole


def _escaped(match: re.Match[str]) -> str:
    if match["anywhere"]:
        return f"\\{match['anywhere']}"
    return f"{match['before']}\\{match['first']}"
