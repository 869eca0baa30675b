"""/dataset: a server's admins teach their model names of their own."""

import asyncio
import io
import zipfile
from collections.abc import Mapping, Sequence

import discord
from discord import app_commands
from discord.ext import commands

from bot.commands.answered import answered
from bot.commands.completion import Choices, choices, offered
from bot.commands.contexts import in_its_servers
from bot.errors import Refusal
from bot.localisation import _
from bot.store import Category
from bot.text import plain
from bot.ui.datasets import CategoriesCard, CategoryCard, NamesForm, TakenCard
from bot.ui.replies import Interaction, show, tell
from bot.ui.training import managed_guild
from bot.uploads import read_upload, too_large
from model.text import fold

_LONGEST_NAME = 50  # letters of a category's name

CategoryName = app_commands.Range[str, 1, _LONGEST_NAME]


@in_its_servers
@app_commands.default_permissions(manage_guild=True)
class DatasetCommands(
    commands.GroupCog, group_name="dataset", group_description="This server's own categories of names"
):
    """A server's own categories. Each command checks anew who asks: Discord's guard is but a hint."""

    @app_commands.command(name="list")
    @answered
    async def list_(self, interaction: Interaction) -> None:
        """See this server's own categories, and what it builds on"""
        guild_id = managed_guild(interaction)
        store = interaction.client.store.datasets
        card = CategoriesCard(await store.categories(guild_id), await store.base_collection(guild_id))
        await show(interaction, card, private=True)

    @app_commands.command(name="show")
    @app_commands.describe(category="One of this server's own")
    @answered
    async def show_(self, interaction: Interaction, category: CategoryName) -> None:
        """See the names of a category"""
        found = await interaction.client.datasets.find(managed_guild(interaction), category)
        names = await interaction.client.store.datasets.names(found.id)
        await show(interaction, CategoryCard(found, names), private=True)

    @app_commands.command(name="add")
    @app_commands.describe(
        category="Its name, such as Elves; a file's own name if you don't say",
        file="A .txt with one name a line, a .csv, or a .zip of such files; a form opens without",
        extends="These names are added to the bundled category of that name",
    )
    @answered
    async def add(
        self,
        interaction: Interaction,
        category: CategoryName | None = None,
        file: discord.Attachment | None = None,
        extends: bool = False,
    ) -> None:
        """Add a category of your own, or replace its names"""
        guild_id = managed_guild(interaction)
        datasets = interaction.client.datasets
        if file is None:
            if category is None:
                raise Refusal("Give a category's name, or a file.")
            await NamesForm(category, extends=extends).open(interaction)
            return
        if file.size > datasets.bounds.size:  # before anything of it is read
            raise too_large(datasets.bounds)
        await interaction.response.defer(thinking=True, ephemeral=True)
        content = await file.read()
        taken = await asyncio.to_thread(read_upload, file.filename, content, category, datasets.bounds)
        await datasets.add(guild_id, interaction.user.id, taken, extends=extends)
        await show(interaction, TakenCard(taken), private=True)

    @app_commands.command(name="edit")
    @app_commands.describe(category="One of this server's own")
    @answered
    async def edit(self, interaction: Interaction, category: CategoryName) -> None:
        """Mend the names of a category by hand"""
        found = await interaction.client.datasets.find(managed_guild(interaction), category)
        names = await interaction.client.store.datasets.names(found.id)
        if not NamesForm.holds(names):
            raise Refusal("It has too many names for a form: export it, mend the file, and add that.")
        form = NamesForm(found.name, "\n".join(names), extends=found.extends)
        await form.open(interaction)

    @app_commands.command(name="remove")
    @app_commands.describe(category="One of this server's own")
    @answered
    async def remove(self, interaction: Interaction, category: CategoryName) -> None:
        """Remove a category of this server's own"""
        found = await interaction.client.datasets.find(managed_guild(interaction), category)
        await interaction.client.store.datasets.remove(found.id)
        gone = _("**{category}** is gone. The next training forgets it.", category=plain(found.name))
        await tell(interaction, gone)

    @app_commands.command(name="export")
    @answered
    async def export(self, interaction: Interaction) -> None:
        """Get back all that this server has put in, as a zip"""
        everything = await interaction.client.store.datasets.everything(managed_guild(interaction))
        if not everything:
            raise Refusal("This server has put nothing in yet. Add a category with /dataset add.")
        await interaction.response.defer(thinking=True, ephemeral=True)  # many names take a while to pack
        archive = await asyncio.to_thread(_packed, everything)
        await interaction.followup.send(file=discord.File(archive, "categories.zip"), ephemeral=True)

    @app_commands.command(name="use")
    @app_commands.describe(collection="What the model learns beside this server's own categories")
    @answered
    async def use(self, interaction: Interaction, collection: str) -> None:
        """Choose the bundled collection that this server's model builds on"""
        guild_id = managed_guild(interaction)
        await interaction.client.datasets.use(guild_id, interaction.user.id, collection)
        built_on = _("The next training builds on **{collection}**.", collection=plain(collection))
        await tell(interaction, built_on)

    @show_.autocomplete("category")
    @edit.autocomplete("category")
    @remove.autocomplete("category")
    @offered
    async def complete_category(self, interaction: Interaction, typed: str) -> Choices:
        own = await interaction.client.store.datasets.categories(managed_guild(interaction))
        return choices([category.name for category in own if fold(typed.strip()) in fold(category.name)])

    @use.autocomplete("collection")
    @offered
    async def complete_collection(self, interaction: Interaction, typed: str) -> Choices:
        return choices(
            [name for name in interaction.client.datasets.collections if fold(typed.strip()) in name]
        )


def _packed(categories: Mapping[Category, Sequence[str]]) -> io.BytesIO:
    """A zip with a file of names for each category."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for category, names in categories.items():
            archive.writestr(f"{_filename(category.name)}.txt", "".join(f"{name}\n" for name in names))
    buffer.seek(0)
    return buffer


def _filename(category: str) -> str:
    """The category's name without what would make it a path."""
    return category.replace("/", "-").replace("\\", "-")
