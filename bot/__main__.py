"""python -m bot: read the settings, run the bot, exit with a code that means something."""

import asyncio
import logging
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import discord
import typer
from discord.gateway import DiscordWebSocket
from discord.http import Route
from sqlalchemy import make_url
from yarl import URL

from bot import logs
from bot.app import NameBot, build
from bot.check import examine, require_data, require_token
from bot.settings import Settings, SettingsError
from bot.store import SchemaTooNew, StoreError, back_up

log = logging.getLogger(__name__)

EXIT_CLEAN = 0
EXIT_CRASH = 1
EXIT_MODELS = 65  # EX_DATAERR of sysexits.h, as the codes below
EXIT_DATABASE = 74  # EX_IOERR
EXIT_LOGIN_REFUSED = 77  # EX_NOPERM
EXIT_SETTINGS = 78  # EX_CONFIG

# Its own tracebacks would show local variables, and the token is one.
cli = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@cli.callback(invoke_without_command=True)
def run(context: typer.Context) -> None:
    """Run the bot until it is told to stop."""
    if context.invoked_subcommand is None:
        raise typer.Exit(_run(_read_settings()))


@cli.command()
def backup(file: Annotated[Path, typer.Argument(help="Where the copy goes.")]) -> None:
    """Copy the database to a file, also while the bot runs."""
    try:
        back_up(make_url(_read_settings().database_url), file)
    except StoreError as error:
        _say(str(error))
        raise typer.Exit(EXIT_DATABASE) from error
    typer.echo(f"The database is copied to {file}.")


@cli.command()
def check() -> None:
    """Tell whether settings, database, models and data are in order; change nothing."""
    raise typer.Exit(asyncio.run(_check(_read_settings())))


async def _check(settings: Settings) -> int:
    """Print what is found; the exit code is of the first that is not in order."""
    codes = {
        "settings": EXIT_SETTINGS,
        "database": EXIT_DATABASE,
        "models": EXIT_MODELS,
        "data": EXIT_SETTINGS,
    }
    wrong = []
    async for finding in examine(settings):
        typer.echo(f"{'ok   ' if finding.is_fine else 'WRONG'} {finding.subject:9} {finding.told}")
        if not finding.is_fine:
            wrong.append(codes[finding.subject])
    return wrong[0] if wrong else EXIT_CLEAN


def _read_settings() -> Settings:
    try:
        return Settings.read()
    except SettingsError as error:
        _say(str(error))
        raise typer.Exit(EXIT_SETTINGS) from error


def _say(sentence: str) -> None:
    """To the host, where nothing runs yet that would log."""
    sys.stderr.write(f"{sentence}\n")


def _run(settings: Settings) -> int:
    """Run until told to stop; the exit code says why it ended."""
    try:
        token = require_token(settings)
        require_data(settings)
    except SettingsError as error:
        _say(str(error))
        return EXIT_SETTINGS
    logs.set_up(settings)
    os.environ.pop("DISCORD_TOKEN", None)  # the processes that train inherit the rest
    _use_endpoints(settings)
    try:
        asyncio.run(_until_told(build(settings), token))
    except discord.LoginFailure:
        log.error("Discord refused the token: copy a new one from the developer portal into DISCORD_TOKEN.")
        return EXIT_LOGIN_REFUSED
    except (SchemaTooNew, StoreError) as error:
        log.error("%s", error)
        return EXIT_DATABASE
    except SettingsError as error:  # one that is found out only by using it
        log.error("%s", error)
        return EXIT_SETTINGS
    except Exception:
        log.exception("the bot crashed")
        return EXIT_CRASH
    return EXIT_CLEAN


def _use_endpoints(settings: Settings) -> None:
    """Go through a proxy's addresses instead of Discord's own, which discord.py keeps on these classes."""
    if settings.discord_api_url is not None:
        Route.BASE = str(settings.discord_api_url).rstrip("/")
    if settings.discord_gateway_url is not None:
        DiscordWebSocket.DEFAULT_GATEWAY = URL(str(settings.discord_gateway_url))


async def _until_told(bot: NameBot, token: str) -> None:
    """Run the bot until it ends or a signal asks it to; discord.py itself knows only KeyboardInterrupt."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, told.set)
    async with bot:
        running = asyncio.create_task(bot.start(token))
        stopping = asyncio.create_task(told.wait())
        await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if bot.is_set_up:
            await bot.close()  # still connected, so that who asks meanwhile is told
        if stopping.done():
            running.cancel()
        stopping.cancel()
        with suppress(asyncio.CancelledError):
            await running
    log.info("closed")


if __name__ == "__main__":
    cli(prog_name="python -m bot")
