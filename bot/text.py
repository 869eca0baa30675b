"""Text of strangers, made fit to be shown: names and categories may hold anything."""

import discord


def plain(text: str) -> str:
    """The text without effect: no Markdown, no mention, no emoji or timestamp."""
    unmarked = discord.utils.escape_markdown(text, ignore_links=False)
    return discord.utils.escape_mentions(unmarked).replace("<", r"\<")
