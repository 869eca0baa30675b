"""Names and descriptions of the commands, as Discord shows them in each language."""

from typing import Any

import discord
from discord import app_commands

from bot.localisation import tongue


class CommandTranslator(app_commands.Translator):
    """Looks them up in the catalogues, where their place (`command_name`, …) is their context."""

    async def translate(
        self,
        string: app_commands.locale_str,
        locale: discord.Locale,
        context: app_commands.TranslationContext[Any, Any],
    ) -> str | None:
        translated = tongue(locale.value).catalogue.pgettext(context.location.name, string.message)
        return None if translated == string.message else translated
