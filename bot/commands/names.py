"""/name and /blend: new names, at once."""

from discord import app_commands
from discord.ext import commands

from bot.commands.answered import answered
from bot.commands.completion import Choices, languages, offered
from bot.requests import MOST_NAMES, Length, Mood, Request
from bot.ui.names import answer
from bot.ui.replies import Interaction, asker

_LONGEST_SEED = 2**53 - 1  # the largest whole number that Discord takes

Language = app_commands.Range[str, 1, 100]
Letters = app_commands.Range[str, 1, 40]
Count = app_commands.Range[int, 1, MOST_NAMES]


class Names(commands.Cog):
    """Members ask for names."""

    @app_commands.command(name="name")
    @app_commands.describe(
        language="Where the names should sound from, such as Russian",
        letters="First letters, a name for each: rus makes three",
        prefix="What every name begins with, such as Mar",
        count="How many names; 3 if you don't say",
        mood="Safe takes the likeliest letters, wild brings surprises",
        length="Short or long for that language",
        temperature="The mood as a number: 0 takes the likeliest letters, 0.8 is usual, 1.5 is wild",
        new_only="Yes: never a name that exists. No: those may come too",
        seed="The number under an earlier card makes the same names again",
        private="Only you see them",
    )
    @answered
    async def name(
        self,
        interaction: Interaction,
        language: Language,
        letters: Letters | None = None,
        prefix: app_commands.Range[str, 1, 15] | None = None,
        count: Count | None = None,
        mood: Mood = Mood.balanced,
        length: Length = Length.usual,
        temperature: app_commands.Range[float, 0, 2] | None = None,
        new_only: bool | None = None,
        seed: app_commands.Range[int, 0, _LONGEST_SEED] | None = None,
        private: bool = False,
    ) -> None:
        """Invent new names of a language"""
        request = Request(
            {language: 1.0},
            letters,
            count,
            temperature=mood.temperature if temperature is None else temperature,
            prefix=prefix,
            length=length,
            new_only=new_only,
            seed=seed,
        )
        naming = interaction.client.naming
        await answer(interaction, lambda: naming.make(asker(interaction), request), private=private)

    @app_commands.command(name="blend")
    @app_commands.describe(
        first="One language",
        second="The other language",
        share="How much of the second, in percent; 50 if you don't say",
        letters="First letters, a name for each: rus makes three",
        count="How many names; 3 if you don't say",
    )
    @answered
    async def blend(
        self,
        interaction: Interaction,
        first: Language,
        second: Language,
        share: app_commands.Range[int, 0, 100] = 50,
        letters: Letters | None = None,
        count: Count | None = None,
    ) -> None:
        """Invent names between two languages"""
        request = Request({first: 1 - share / 100, second: share / 100}, letters, count)
        naming = interaction.client.naming
        await answer(interaction, lambda: naming.make(asker(interaction), request))

    @name.autocomplete("language")
    @blend.autocomplete("first")
    @blend.autocomplete("second")
    @offered
    async def complete_language(self, interaction: Interaction, typed: str) -> Choices:
        return languages(interaction, typed)
