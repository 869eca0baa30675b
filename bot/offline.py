"""The bot inside a simulated Discord, in a browser page: no account, no token.

python -m bot.offline prints the page's address and stays until Ctrl-C. The bot is the real one, on a
database of its own; only Discord is simulated, by simcord.
"""

import asyncio
import logging
import signal
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import discord
import simcord
import typer

from bot.app import NameBot, build
from bot.settings import Settings
from bot.store import BASE
from bot.ui.training import RunCard

log = logging.getLogger(__name__)

_GUILD_ID = 4242 << 22  # the same at every start, so that the history is found again
_WISHES = 6  # so that the history isn't empty
_TICK = 1.0  # seconds
_SETTLING = 10.0  # seconds that a command may take


class Theme(StrEnum):
    """The channels of the server, of which the page shows one."""

    names = "names"
    elves = "elves"
    workshop = "workshop"


_TOPICS = {
    Theme.names: "Try /name russian rus, /blend, /origin, /history, /top",
    Theme.elves: "This server's own names: try /name elvish",
    Theme.workshop: "For those who keep the server: /dataset, /retrain, /models",
}


class Village:
    """A server with an admin and two members, who do what there is to do as soon as there is a model."""

    def __init__(self, env: simcord.Env, bot: NameBot) -> None:
        env.backend.bot_user.name = "Namesmith"
        self._bot = bot
        guild = env.create_guild("The Forge", id=_GUILD_ID)
        self.channels = {
            theme: guild.create_text_channel(theme, topic=topic) for theme, topic in _TOPICS.items()
        }
        admins = guild.create_role("Admins", permissions=discord.Permissions(manage_guild=True))
        self.admin = guild.add_member(env.create_user("ada", global_name="Ada (admin)"), roles=[admins])
        self.members = [
            guild.add_member(env.create_user("bo", global_name="Bo")),
            guild.add_member(env.create_user("cy", global_name="Cy")),
        ]
        bot.owner_id = self.admin.id
        # From now on its time is ours: it began on a fixed day, so that the IDs above are always the same.
        env.backend.clock.advance(_behind(env))
        self._elvish = bot.settings.data_dir.parent / "demo" / "Elvish.txt"
        self._plans = deque(self._made_plans())

    async def go_on(self) -> None:
        """Do the next thing, if it can be done by now; what is interrupted is done again."""
        if self._plans and await self._plans[0]():
            self._plans.popleft()

    def _made_plans(self) -> Iterator[Callable[[], Awaitable[bool]]]:
        """One thing after another, each of which tells whether it is done."""
        yield from (partial(self._ask, number) for number in range(_WISHES))
        if self._elvish.is_file():
            yield from (self._add_elvish, self._train, self._is_trained)
            yield from (partial(self._ask_for_elvish, number) for number in range(_WISHES // 2))

    async def _ask(self, number: int) -> bool:
        languages = self._bot.naming.complete(None, "")
        if not languages:
            return False  # the first model is still learning
        return await self._wish(Theme.names, languages[number % len(languages)], number)

    async def _ask_for_elvish(self, number: int) -> bool:
        return await self._wish(Theme.elves, self._elvish.stem, number)

    async def _add_elvish(self) -> bool:
        if not await self._is_trained():
            file = (self._elvish.name, self._elvish.read_bytes())
            await self.admin.slash(self.channels[Theme.workshop], "dataset add", file=file)
        return True

    async def _train(self) -> bool:
        if not await self._is_trained():
            await self.admin.slash(self.channels[Theme.workshop], "retrain", recipe="quick")
        return True

    async def _is_trained(self) -> bool:
        return await self._bot.store.models.active_own(_GUILD_ID) is not None

    async def _wish(self, theme: Theme, language: str, number: int) -> bool:
        """One of them asks for names, and some keep the first."""
        everyone = [*self.members, self.admin]
        channel = self.channels[theme]
        made = await everyone[number % 3].slash(channel, "name", language=language, count=3 + number % 3)
        if made.response is not None and (star := _star_of(made.response)) is not None:
            for likes in everyone[: 1 + number % 3]:
                await likes.click(made.response, custom_id=star)
        return True


def _star_of(card: simcord.ResponseMessage) -> str | None:
    """The custom ID of the first star on a card."""
    items = discord.ui.LayoutView.from_message(card.message, timeout=None).walk_children()
    custom_ids = [str(getattr(item, "custom_id", "")) for item in items]
    return next((custom_id for custom_id in custom_ids if custom_id.startswith("star:")), None)


def main(
    port: Annotated[int, typer.Option(help="Of the page; a free one if 0.")] = 8642,
    database: Annotated[Path, typer.Option(help="Where the bot keeps what it makes.")] = Path("var/demo.db"),
    data_dir: Annotated[Path, typer.Option(help="The names it learns.")] = Path("data/names"),
    channel: Annotated[Theme, typer.Option(help="The one that the page shows.")] = Theme.names,
) -> None:
    """Open the bot in an offline Discord in the browser."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    settings = Settings(database_url=f"sqlite+aiosqlite:///{database}", data_dir=data_dir)
    asyncio.run(_serve(settings, port, channel))


async def _serve(settings: Settings, port: int, theme: Theme) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    bot = build(settings)
    env = simcord.Env(bot, check_errors=False, settle_timeout=_SETTLING)
    village = Village(env, bot)
    try:
        await env.start()
        await _show_first_training(bot, village.channels[theme].id)
        viewers = [village.admin, *village.members]
        shown = village.channels[theme]
        async with env.preview(shown, viewers=viewers, layout="channel", port=port) as preview:
            _be_patient(env, preview)
            typer.echo(f"Namesmith is at {preview.url}\nPress Ctrl-C to end.")
            await _until_first([stop.wait(), preview.wait_closed(), _live(env, preview, village)])
        await env.shutdown()
    finally:
        await bot.close()


async def _until_first(ends: list[Any]) -> None:
    waiting = [asyncio.ensure_future(end) for end in ends]
    done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    for task in done:
        task.result()


async def _show_first_training(bot: NameBot, channel_id: int) -> None:
    """At the very first start, show the card of the base model's training in the channel."""
    for run in await bot.store.runs.unfinished(BASE):
        message = await bot.get_partial_messageable(channel_id).send(view=RunCard(run))
        await bot.store.runs.follow(run.id, message.channel.id, message.id)


def _behind(env: simcord.Env) -> float:
    """How many seconds the simulated time has to catch up with ours."""
    return max((datetime.now(UTC) - env.now()).total_seconds(), 0.0)


async def _live(env: simcord.Env, preview: Any, village: Village) -> None:
    """Let time pass, a second at a time, and show what it brought."""
    while True:
        await asyncio.sleep(_TICK)
        try:
            await env.advance_time(_behind(env))
            await village.go_on()
            await preview.refresh()
        except simcord.SetupError as busy:  # someone clicks at this moment: the next second will do
            log.debug("skipped: %s", busy)
        except TimeoutError as slow:
            log.warning("still at work: %s", slow)


def _be_patient(env: simcord.Env, preview: Any) -> None:
    """Let a click wait for a running tick, and judge it by the newest state, as Discord would.

    simcord 3.2 refuses a click that comes during a tick, and the page then stays dead. It offers no
    setting for this, so this function reaches into its inside; constraints.txt pins its version.
    """
    original = preview._action

    async def action(context_id: str, body: Any) -> Any:
        while env._operation_task is not None:  # noqa: ASYNC110 - it has no event to wait for
            await asyncio.sleep(0.01)
        page = preview._pages.get(context_id)
        if page is not None and isinstance(body, dict) and "published_revision" in body:
            body = {**body, "published_revision": page.revision}
        return await original(context_id, body)

    preview._action = action


if __name__ == "__main__":
    typer.run(main)
