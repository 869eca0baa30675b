"""The bot inside a simulated Discord, in a browser page: no account, no token.

python -m bot.offline prints the page's address and stays until Ctrl-C. The bot is the real one, on a
database of its own; only Discord is simulated, by simcord.
"""

import asyncio
import logging
import signal
from datetime import UTC, datetime
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
_FIRST_WISHES = 6  # so that the history isn't empty
_TICK = 1.0  # seconds
_SETTLING = 10.0  # seconds that a command may take


class Village:
    """A server with an admin and two members, who make names as soon as there is a model."""

    def __init__(self, env: simcord.Env, bot: NameBot) -> None:
        env.backend.bot_user.name = "Namesmith"
        guild = env.create_guild("The Forge", id=_GUILD_ID)
        self.channel = guild.create_text_channel("names", topic="Try /name russian rus, /history, /retrain")
        for name, topic in (("tavern", "Talk"), ("workshop", "For those who keep the server")):
            guild.create_text_channel(name, topic=topic)
        admins = guild.create_role("Admins", permissions=discord.Permissions(manage_guild=True))
        self.admin = guild.add_member(env.create_user("ada", global_name="Ada (admin)"), roles=[admins])
        self.members = [
            guild.add_member(env.create_user("bo", global_name="Bo")),
            guild.add_member(env.create_user("cy", global_name="Cy")),
        ]
        bot.owner_id = self.admin.id
        # From now on its time is ours: it began on a fixed day, so that the IDs above are always the same.
        env.backend.clock.advance(_behind(env))

    async def first_wish(self, language: str, number: int) -> None:
        """One of them asks for names."""
        who = [*self.members, self.admin][number % 3]
        await who.slash(self.channel, "name", language=language, count=3 + number % 3)

    async def teach(self, settings: Settings) -> bool:
        """The admin adds a category of the server's own, for the next /retrain to learn."""
        elvish = settings.data_dir.parent / "demo" / "Elvish.txt"
        if elvish.is_file():
            content = (elvish.name, elvish.read_bytes())
            await self.admin.slash(self.channel, "dataset add", file=content)
        return True


def main(
    port: Annotated[int, typer.Option(help="Of the page; a free one if 0.")] = 8642,
    database: Annotated[Path, typer.Option(help="Where the bot keeps what it makes.")] = Path("var/demo.db"),
    data_dir: Annotated[Path, typer.Option(help="The names it learns.")] = Path("data/names"),
) -> None:
    """Open the bot in an offline Discord in the browser."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    settings = Settings(database_url=f"sqlite+aiosqlite:///{database}", data_dir=data_dir)
    asyncio.run(_serve(settings, port))


async def _serve(settings: Settings, port: int) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    bot = build(settings)
    env = simcord.Env(bot, check_errors=False, settle_timeout=_SETTLING)
    village = Village(env, bot)
    try:
        await env.start()
        await _show_first_training(bot, village)
        viewers = [village.admin, *village.members]
        async with env.preview(village.channel, viewers=viewers, layout="channel", port=port) as preview:
            _be_patient(env, preview)
            print(f"Namesmith is at {preview.url}\nPress Ctrl-C to end.", flush=True)  # noqa: T201
            await _until_first([stop.wait(), preview.wait_closed(), _live(env, preview, bot, village)])
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


async def _show_first_training(bot: NameBot, village: Village) -> None:
    """At the very first start, show the card of the base model's training in the channel."""
    for run in await bot.store.runs.unfinished(BASE):
        message = await bot.get_partial_messageable(village.channel.id).send(view=RunCard(run))
        await bot.store.runs.follow(run.id, message.channel.id, message.id)


def _behind(env: simcord.Env) -> float:
    """How many seconds the simulated time has to catch up with ours."""
    return max((datetime.now(UTC) - env.now()).total_seconds(), 0.0)


async def _live(env: simcord.Env, preview: Any, bot: NameBot, village: Village) -> None:
    """Let time pass, a second at a time, and show what it brought."""
    wished, taught = 0, False
    while True:
        await asyncio.sleep(_TICK)
        try:
            await env.advance_time(_behind(env))
            for language in bot.naming.complete(None, "")[wished:_FIRST_WISHES]:
                await village.first_wish(language, wished)
                wished += 1
            if wished and not taught:
                taught = await village.teach(bot.settings)
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
