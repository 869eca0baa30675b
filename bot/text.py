"""Text of strangers, made fit to be shown: names and categories may hold anything."""

import discord


def plain(text: str) -> str:
    """The text without effect: no Markdown, no mention, no emoji or timestamp."""
    unmarked = discord.utils.escape_markdown(text, ignore_links=False)
    return discord.utils.escape_mentions(unmarked).replace("<", r"\<")


def duration(seconds: float) -> str:
    """How long, as one says it: 45 s, 2 min 5 s, 3 h 10 min."""
    minutes, seconds_left = divmod(round(seconds), 60)
    hours, minutes_left = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes_left} min"
    return f"{minutes} min {seconds_left} s" if minutes else f"{seconds_left} s"
