"""python -m bot: read the settings, run the bot, exit with a code that means something."""

import asyncio
import logging
import signal
import sys
from contextlib import suppress

import discord
from discord.gateway import DiscordWebSocket
from discord.http import Route
from yarl import URL

from bot.app import NameBot, build
from bot.settings import Settings, SettingsError, missing
from bot.store import SchemaTooNew, StoreError
from model import Corpus, CorpusError

log = logging.getLogger(__name__)

EXIT_CLEAN = 0
EXIT_CRASH = 1
EXIT_DATABASE = 74  # EX_IOERR of sysexits.h, as the codes below
EXIT_LOGIN_REFUSED = 77  # EX_NOPERM
EXIT_SETTINGS = 78  # EX_CONFIG


def main() -> int:
    """Run until told to stop; the exit code says why it ended."""
    try:
        settings = Settings.read()
        token = _usable(settings)
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_SETTINGS
    discord.utils.setup_logging(level=logging.getLevelNamesMapping()[settings.log_level.upper()])
    _use_endpoints(settings)
    try:
        asyncio.run(_run(build(settings), token))
    except discord.LoginFailure:
        log.error("Discord refused the token: copy a new one from the developer portal into DISCORD_TOKEN.")
        return EXIT_LOGIN_REFUSED
    except (SchemaTooNew, StoreError) as error:
        log.error("%s", error)
        return EXIT_DATABASE
    except Exception:
        log.exception("the bot crashed")
        return EXIT_CRASH
    return EXIT_CLEAN


def _usable(settings: Settings) -> str:
    """The token, if there is all that a start needs.

    Raises:
        SettingsError: where something is missing.
    """
    if settings.discord_token is None:
        raise missing("discord_token")
    try:
        Corpus.read(settings.data_dir)
    except CorpusError as error:
        raise SettingsError(f"DATA_DIR={settings.data_dir} can't be used: {error}") from error
    return settings.discord_token.get_secret_value()


def _use_endpoints(settings: Settings) -> None:
    """Go through a proxy's addresses instead of Discord's own, which discord.py keeps on these classes."""
    if settings.discord_api_url is not None:
        Route.BASE = str(settings.discord_api_url).rstrip("/")
    if settings.discord_gateway_url is not None:
        DiscordWebSocket.DEFAULT_GATEWAY = URL(str(settings.discord_gateway_url))


async def _run(bot: NameBot, token: str) -> None:
    """Run the bot until it ends or a signal asks it to; discord.py itself knows only KeyboardInterrupt."""
    running = asyncio.create_task(bot.start(token))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, running.cancel)
    async with bot:
        with suppress(asyncio.CancelledError):
            await running
    log.info("closed")


if __name__ == "__main__":
    sys.exit(main())
