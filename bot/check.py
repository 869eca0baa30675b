"""Whether what the bot needs is in order: settings, database, models, data."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import make_url

from bot.settings import Settings, SettingsError, missing
from bot.store import Store, StoreError
from model import Corpus, CorpusError, Generator, ModelError


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one subject, in a sentence."""

    subject: str
    told: str
    is_fine: bool = True


def require_token(settings: Settings) -> str:
    """The token.

    Raises:
        SettingsError: where there is none.
    """
    if settings.discord_token is None:
        raise missing("discord_token")
    return settings.discord_token.get_secret_value()


def require_data(settings: Settings) -> Corpus:
    """What the base model learns.

    Raises:
        SettingsError: where it can't be learned.
    """
    try:
        return Corpus.read(settings.data_dir)
    except CorpusError as error:
        raise SettingsError(f"DATA_DIR={settings.data_dir} can't be used: {error}") from error


async def examine(settings: Settings) -> AsyncIterator[Finding]:
    """Look at everything, and change nothing. No model is looked for in a database that isn't in order."""
    yield _settings(settings)
    try:
        async for finding in _database_and_models(settings):
            yield finding
    except StoreError as error:
        yield Finding("database", str(error), is_fine=False)
    yield _data(settings)


async def _database_and_models(settings: Settings) -> AsyncIterator[Finding]:
    if (file := _to_be_made(settings)) is not None:
        yield Finding("database", f"{file} is not there yet: the first start makes it.")
        return
    async with await Store.open(settings.database_url, migrate=False) as store:
        await store.check()
        yield Finding("database", f"{make_url(settings.database_url).render_as_string()} is whole.")
        yield await _models(store)


def _settings(settings: Settings) -> Finding:
    try:
        require_token(settings)
    except SettingsError as error:
        return Finding("settings", str(error), is_fine=False)
    return Finding("settings", "They can be used.")


def _data(settings: Settings) -> Finding:
    try:
        corpus = require_data(settings)
    except SettingsError as error:
        return Finding("data", str(error), is_fine=False)
    names = sum(map(len, corpus.names.values()))
    return Finding("data", f"{settings.data_dir} has {names:,} names in {len(corpus.names)} categories.")


def _to_be_made(settings: Settings) -> Path | None:
    """The file of an SQLite database before the first start."""
    url = make_url(settings.database_url)
    file = Path(url.database or "")
    return file if url.get_backend_name() == "sqlite" and not file.exists() else None


async def _models(store: Store) -> Finding:
    """Load each."""
    ids = await store.models.ids()
    for model_id in ids:
        try:
            Generator.from_bytes(await store.models.weights(model_id))
        except (ModelError, LookupError) as error:
            return Finding("models", f"Model {model_id} can't be used: {error}", is_fine=False)
    if not ids:
        return Finding("models", "None yet: the first start trains one.")
    return Finding("models", f"All {len(ids)} can be used.")
