"""Everything that is translated, gathered from the code and from the commands."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import discord
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from discord import app_commands

from model import ModelError

_ROOT = Path(__file__).parents[2]

_KEYWORDS: Mapping[str, Any] = {
    "_": None,
    "N_": None,
    "ngettext": (1, 2),
    # What these are raised with is the sentence that the one who asked reads.
    **dict.fromkeys(("Refusal", "Gone"), None),
    "kept": None,
    **dict.fromkeys((error.__name__ for error in ModelError.__subclasses__()), None),
}


async def collect(tree: app_commands.CommandTree[Any]) -> Catalog:
    """A template of all sentences, with what the commands show; a sentence's comments say where it is."""
    template = Catalog(project="Namesmith", charset="utf-8")
    for package in ("bot", "model"):
        for path, _line, sentence, _comments, _context in extract_from_dir(
            _ROOT / package, [("**.py", "python")], keywords=_KEYWORDS
        ):
            template.add(sentence, locations=[(f"{package}/{path}", 0)])
    recorder = _Recorder()
    for command in tree.get_commands():
        await command.get_translated_payload(tree, recorder)
    for context, text in recorder.heard:
        template.add(text, context=context)
    return template


class _Recorder(app_commands.Translator):
    """Takes note of what discord.py would have translated."""

    def __init__(self) -> None:
        self.heard: dict[tuple[str, str], None] = {}

    async def translate(
        self,
        string: app_commands.locale_str,
        locale: discord.Locale,  # noqa: ARG002 - the signature is discord.py's
        context: app_commands.TranslationContext[Any, Any],
    ) -> str | None:
        self.heard[context.location.name, string.message] = None
        return None
