"""/models and /loss: what a server's trainings came to."""

from discord import app_commands
from discord.ext import commands

from bot.commands.answered import answered
from bot.commands.completion import Choices, choices, offered
from bot.commands.contexts import in_its_servers
from bot.errors import Refusal
from bot.store import BASE
from bot.ui.models import ModelsCard, label, loss_picture
from bot.ui.pictures import attached
from bot.ui.replies import Interaction, aloud, show
from bot.ui.training import managed_guild


class Models(commands.Cog):
    """Admins choose among the models of their server."""

    @app_commands.command(name="models")
    @app_commands.default_permissions(manage_guild=True)
    @in_its_servers
    @answered
    async def models(self, interaction: Interaction) -> None:
        """See this server's models: use one, compare two, delete one"""
        card = await ModelsCard.of(interaction.client.store, managed_guild(interaction))
        await show(interaction, card, private=True)

    @app_commands.command(name="loss")
    @app_commands.describe(model="Which of this server's models; the one in use if you don't say")
    @in_its_servers
    @answered
    async def loss(self, interaction: Interaction, model: str | None = None) -> None:
        """See how the loss of a model fell while it learned"""
        guild_id = interaction.guild_id or BASE
        active = await interaction.client.store.models.active(guild_id)
        own = await interaction.client.store.models.available(guild_id)
        kept = {str(one.id): one.id for one in (*own, *filter(None, [active]))}
        model_id = kept.get(model.strip() if model else str(active and active.id))
        if model_id is None:
            raise Refusal("This server has no such model: /models shows those that are kept.")
        await interaction.response.defer(thinking=True)  # the picture takes a while
        with aloud(interaction):
            card, picture = await loss_picture(interaction.client, model_id)
        await show(interaction, card, attached(picture))

    @loss.autocomplete("model")
    @offered
    async def complete_model(self, interaction: Interaction, typed: str) -> Choices:
        own = await interaction.client.store.models.available(interaction.guild_id or BASE)
        found = [model for model in own if typed.strip().lower() in label(model).lower()]
        return choices([label(model) for model in found], [str(model.id) for model in found])
