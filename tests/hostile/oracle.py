"""What Discord would make of a text: the judge of what the bot escapes."""

import re

_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")

_EFFECTS = {
    "emphasis, a spoiler or code": re.compile(r"[*_~|`]"),
    "a mention, an emoji, a time or a link": re.compile(r"<(?:[@#:/ati]|sound|https?:)"),
    "a mention of all": re.compile(r"@(?:everyone|here)"),
    "a masked link": re.compile(r"\[[^\]]*\]\("),
    "a bare link": re.compile(r"(?i)https?://[^\s<]"),
    "a heading, a quote or a list": re.compile(r"(?m)^[^\S\n]*(?:#{1,3}\s|-#\s|>\s|>>>|[-*+]\s|\d+\.\s)"),
    "an escape of what follows": re.compile(r"\\\Z"),
}


def effects(text: str) -> list[str]:
    """All that a text would be to Discord beside itself."""
    unescaped = _ESCAPED.sub("\ufffc", text)
    return [effect for effect, pattern in _EFFECTS.items() if pattern.search(unescaped)]


# Bold, and headings of two or three signs, are what the bot's own cards are made of.
_CANARIES = re.compile(
    r"""(?mx)
    (?<![\\*]) \* qzx \* (?!\*)
    | (?<!\\) (?: _qzx_ | ~~qzx~~ | \|\|qzx\|\| | `qzx` )
    | ^[^\S\n]* (?: \# | >{1,3} | [-*+] | 1\. ) \s qzx
    | (?<!\\) \[qzx\]\(
    | https?://qzx\.example
    | @(?:everyone|here)
    | (?<!\\) < (?: @[!&]? | \# | /name: | a?:qzx: ) 9{18} >
    | (?<!\\) <t:0:R>
    """
)


def leaks(reply: str) -> list[str]:
    """What of a hostile text has kept its effect in a reply, which has effects of its own."""
    return [match.group() for match in _CANARIES.finditer(reply)]
