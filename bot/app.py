"""The bot: composes the parts and closes them."""

import asyncio
import logging
from contextlib import AsyncExitStack
from functools import partial

import discord
from discord import app_commands
from discord.ext import commands

from bot import logs
from bot.answering import Answering
from bot.commands.about import About
from bot.commands.datasets import DatasetCommands
from bot.commands.favourites import Favourites
from bot.commands.help import Help
from bot.commands.history import History
from bot.commands.models import Models
from bot.commands.names import Names
from bot.commands.origin import Origins
from bot.commands.privacy import Privacy
from bot.commands.training import Training
from bot.datasets import Datasets
from bot.decency import Decency
from bot.errors import Refusal
from bot.generators import Generators
from bot.housekeeping import Housekeeping
from bot.limits import Limits
from bot.localisation import _, speak, speaking
from bot.localisation.commands import CommandTranslator
from bot.metrics import Metrics, serve
from bot.naming import Naming
from bot.settings import Settings
from bot.store import BASE, AutoRetrain, Run, RunInProgress, Store
from bot.training.plan import AS_USUAL, TrainingLimits, Wish
from bot.training.schedule import Schedule
from bot.training.trainer import Trainer, Turn
from bot.training.workers import Workers
from bot.ui.datasets import NamesForm, RetrainNow
from bot.ui.favourites import FavouritesFile, FavouritesPage, Forget
from bot.ui.history import GoToForm, LanguageSelect, LettersForm, MemberSelect, PanelButton, TurnButton
from bot.ui.live import LiveCards
from bot.ui.models import DeleteModel, ModelLoss, ModelSelect, UseModel, UseShared
from bot.ui.names import Again, MoodSelect, More, Star, WriteIt
from bot.ui.origin import LikeThis
from bot.ui.picked import Keep, Pick, Remove
from bot.ui.privacy import Delete, Export, ReallyDelete
from bot.ui.replies import Interaction, aloud, custom_id_of, show, tell, tell_error
from bot.ui.training import Cancel, RunCard, StartAgain, UseNew, UseOld
from bot.uploads import Bounds

log = logging.getLogger(__name__)

_PATIENCE = 5.0  # seconds that answers may take when the bot closes
# Seconds that a write waits for another process's. /name writes twice, and Discord waits three seconds.
_PATIENCE_TO_WRITE = 1.0

_ITEMS = (
    *(Again, More, WriteIt, MoodSelect, Star),
    LikeThis,
    *(TurnButton, PanelButton, LanguageSelect, MemberSelect),
    *(Pick, Keep, Remove),
    *(FavouritesPage, FavouritesFile, Forget),
    *(Cancel, StartAgain, RetrainNow, UseOld, UseNew),
    *(ModelSelect, UseModel, UseShared, DeleteModel, ModelLoss),
    *(Export, Delete, ReallyDelete),
)


_FORMS = (NamesForm, LettersForm, GoToForm)


def build(settings: Settings) -> "NameBot":
    """Make a bot that is not logged in; it does nothing until it is started."""
    return NameBot(settings)


class Tree(app_commands.CommandTree["NameBot"]):
    """The slash commands, answered in the language of the one who asks, with one handler for all errors."""

    async def interaction_check(self, interaction: Interaction, /) -> bool:
        speak(interaction.locale)
        return True

    async def on_error(self, interaction: Interaction, error: app_commands.AppCommandError, /) -> None:
        await tell_error(interaction, error)


class NameBot(commands.Bot):
    """Discord's side of Namesmith.

    `store`, `generators`, `naming`, `datasets`, `limits`, `cards` and `trainer` are there once it is started.
    """

    store: Store
    generators: Generators
    naming: Naming
    datasets: Datasets
    limits: Limits
    cards: LiveCards
    trainer: Trainer

    def __init__(self, settings: Settings) -> None:
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            tree_cls=Tree,
            intents=discord.Intents(guilds=True),
            allowed_mentions=discord.AllowedMentions.none(),
            allowed_installs=app_commands.AppInstallationType(guild=True, user=True),
            allowed_contexts=app_commands.AppCommandContext(
                guild=True, dm_channel=True, private_channel=True
            ),
        )
        self.settings = settings
        self._opened = AsyncExitStack()
        self.is_set_up = False
        self.metrics = Metrics(self)
        self.answering = Answering(self.metrics.answered)
        self.started_at = discord.utils.utcnow()

    async def setup_hook(self) -> None:
        """Open and compose everything, before the first event."""
        self.store = await self._opened.enter_async_context(
            await Store.open(self.settings.database_url, patience=_PATIENCE_TO_WRITE)
        )
        self._opened.push_async_callback(super().close)
        self.generators = Generators(self.store, self.settings.models_loaded)
        self._opened.callback(self.generators.close)
        self.naming = Naming(self.store, self.generators, Decency(self.settings.obscene_words))
        self.datasets = Datasets(self.store, self.settings.data_dir, _bounds(self.settings))
        self.limits = Limits(self.store, self.settings.member_limits, self.settings.server_limits)
        self.cards = LiveCards(self, self.store)
        self._opened.push_async_callback(self.cards.close)
        without_token = self.settings.model_copy(update={"discord_token": None})  # no business of workers
        self.trainer = Trainer(
            self.settings.database_url,
            self.datasets,
            self.store,
            self.generators,
            limits=TrainingLimits(
                memory_mib=self.settings.training_memory_mib,
                minutes=self.settings.training_minutes,
                models=self.settings.models_kept,
            ),
            executor=Workers(partial(logs.set_up, without_token)),
        )
        self._opened.push_async_callback(self._finish)
        await self.naming.prepare()
        await self.add_commands()
        await self.add_cog(Housekeeping(self, self.store, self.trainer, self.settings.history_days))
        self.add_dynamic_items(*_ITEMS)
        await self._publish_commands()
        await self.trainer.start(self._moved_on)
        schedule = Schedule(self.store, self.datasets, self._retrain_by_itself)
        self._opened.push_async_callback(schedule.close)
        schedule.start()
        await self._serve_metrics()
        self.is_set_up = True

    async def add_commands(self) -> None:
        """Add the slash commands, with their names in all languages."""
        await self.tree.set_translator(CommandTranslator())
        for cog in (
            Names(),
            Origins(self),
            History(),
            Favourites(),
            DatasetCommands(),
            Training(),
            Models(),
            Help(self),
            Privacy(),
            About(),
        ):
            await self.add_cog(cog)

    async def _serve_metrics(self) -> None:
        """Let the metrics be read, if the host wants it."""
        await self.add_cog(self.metrics)
        if self.settings.metrics_port is None:
            return
        runner = await serve(self.metrics, self.settings.metrics_host, self.settings.metrics_port)
        self._opened.push_async_callback(runner.cleanup)
        self._opened.enter_context(self.metrics.watching_lag())

    async def _finish(self) -> None:
        """Take on nothing more; end what is being answered, and what is being trained."""
        await asyncio.gather(self.answering.finish(_PATIENCE), self.trainer.close())

    async def close(self) -> None:
        """Close what was opened, the last first; a second call does nothing more."""
        try:
            await self._opened.aclose()
        finally:
            await super().close()  # a start that failed early has not put it among the rest

    async def on_interaction(self, interaction: Interaction) -> None:
        """Take forms, and answer what is none of ours any more, which Discord would call a failure."""
        if interaction.type is discord.InteractionType.modal_submit:
            is_ours = any([await form.take(interaction) for form in _FORMS])
        else:
            custom_id = custom_id_of(interaction)  # empty for commands
            is_ours = not custom_id or any(
                item.__discord_ui_compiled_template__.fullmatch(custom_id) for item in _ITEMS
            )
        if not is_ours:
            speak(interaction.locale)
            await tell(interaction, _("This is from an older time and does nothing now."))

    async def retrain(self, interaction: Interaction, wish: Wish = AS_USUAL, *, base: bool) -> None:
        """Queue a training and answer with its card."""
        guild_id = BASE if base else interaction.guild_id or BASE
        for busy in await self.store.runs.unfinished(guild_id):
            raise _busy(interaction, busy)
        await interaction.response.defer(thinking=True)  # many names take a while to pack
        try:
            run = await self.trainer.request(
                guild_id, wish, requested_by=interaction.user.id, channel_id=interaction.channel_id
            )
        except RunInProgress as sooner:
            raise _busy(interaction, sooner.run) from sooner
        turn = await self.trainer.turn(run)
        with aloud(interaction):
            card = RunCard(run, turn)
        message = await show(interaction, card)
        if message is not None:
            await self._follow(run, message)

    async def _moved_on(self, run: Run, turn: Turn | None) -> None:
        self.metrics.trained(run)
        await self.cards.show(run, turn)

    async def _retrain_by_itself(self, when: AutoRetrain) -> None:
        """Queue a training that nobody asked for, and show it where its server wants to see it."""
        guild = self.get_guild(when.guild_id)
        if guild is None:
            return  # we are not in it any more, or not yet told of it: then the next look is soon
        run = await self.trainer.request(
            when.guild_id, AS_USUAL, requested_by=None, channel_id=when.channel_id
        )
        with speaking(guild.preferred_locale):
            card = RunCard(run)
        try:
            message = await self.get_partial_messageable(when.channel_id).send(view=card)
        except discord.HTTPException as error:
            log.warning("run %s is not shown in its channel: %s", run.id, error)
            return
        await self._follow(run, message)

    async def _follow(self, run: Run, message: discord.Message) -> None:
        """Keep a message up to date as a run's card; the run may have moved on before it was there."""
        await self.store.runs.follow(run.id, message.channel.id, message.id)
        newest = await self.store.runs.get(run.id)
        if newest is not None and newest.status is not run.status:
            await self.cards.show(newest)

    async def _publish_commands(self) -> None:
        """Tell Discord our commands; to the developer's server at once, if there is one."""
        guild_id = self.settings.dev_guild_id
        if guild_id is None:
            await self.tree.sync()
            return
        guild = discord.Object(guild_id)
        self.tree.copy_global_to(guild=guild)
        await self.tree.sync(guild=guild)


def _bounds(settings: Settings) -> Bounds:
    return Bounds(
        size=settings.upload_kib * 1024,
        names=settings.upload_names,
        letters=settings.name_letters,
        categories=settings.server_categories,
    )


def _busy(interaction: Interaction, run: Run) -> Refusal:
    """That a training is under way, with a link to its card if it is in this server."""
    if run.message_id is not None and run.guild_id == interaction.guild_id:
        link = f"https://discord.com/channels/{run.guild_id}/{run.channel_id}/{run.message_id}"
        return Refusal("A training is under way already: {link}. Wait for it, or cancel it there.", link=link)
    return Refusal("A training is under way already. Wait for it to end.")
