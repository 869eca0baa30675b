"""Settings: what a host may choose, read from the environment and a .env file."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from dotenv import dotenv_values
from pydantic import (
    AfterValidator,
    AnyHttpUrl,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PositiveInt,
    SecretStr,
    UrlConstraints,
    ValidationError,
)
from pydantic_core import Url
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError


class SettingsError(Exception):
    """A setting that can't be used; the message is one line for the host."""


def _asynchronous_database(url: str) -> str:
    """Refuse what the store can't open, before anything else has begun."""
    try:
        driver = make_url(url).get_dialect()
    except (ArgumentError, ImportError) as error:
        raise ValueError("not a database URL that can be opened here") from error
    if not driver.is_async:
        raise ValueError("the driver must be asynchronous")
    return url


_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def _windows(limits: object) -> object:
    """`60/10s 5000/1d` as (seconds, uses); the word none is no limit."""
    if not isinstance(limits, str) or limits == "none":
        return () if limits == "none" else limits
    windows = []
    for limit in limits.split():
        found = re.fullmatch(r"(\d+)/(\d+)([smhd])", limit)
        if found is None:
            raise ValueError("not as many uses in a time")
        windows.append((int(found[2]) * _SECONDS[found[3]], int(found[1])))
    return tuple(windows)


def _words(listed: object) -> object:
    """Words separated by commas."""
    return tuple(filter(None, map(str.strip, listed.split(",")))) if isinstance(listed, str) else listed


Windows = Annotated[tuple[tuple[PositiveInt, PositiveInt], ...], BeforeValidator(_windows)]
"""Limits as (seconds, uses)."""

GatewayUrl = Annotated[Url, UrlConstraints(allowed_schemes=["ws", "wss"])]
LogLevel = Literal["debug", "info", "warning", "error", "critical"]
LogFormat = Literal["text", "json"]

_in_lower_case = BeforeValidator(lambda value: str(value).lower())


class Settings(BaseModel):
    """What a host may choose. Frozen; the token does not print itself."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    discord_token: SecretStr | None = Field(None, min_length=1)
    database_url: Annotated[str, AfterValidator(_asynchronous_database)] = (
        "sqlite+aiosqlite:///var/namesmith.db"
    )
    data_dir: Path = Path("data/names")
    history_days: int = Field(0, ge=0)
    member_limits: Windows = ((10, 60), (60, 200), (86_400, 5000))
    server_limits: Windows = ((10, 200), (60, 1000), (86_400, 50_000))
    obscene_words: Annotated[tuple[str, ...], BeforeValidator(_words)] = ()
    upload_kib: int = Field(2048, ge=1, le=20_480)
    upload_names: int = Field(20_000, ge=10, le=200_000)
    name_letters: int = Field(50, ge=1, le=50)
    server_categories: int = Field(40, ge=1, le=500)
    training_memory_mib: int = Field(2048, ge=256)
    training_minutes: int = Field(60, ge=1)
    models_kept: int = Field(5, ge=1)
    models_loaded: int = Field(4, ge=2)
    dev_guild_id: int | None = Field(None, gt=0)
    discord_api_url: AnyHttpUrl | None = None
    discord_gateway_url: GatewayUrl | None = None
    log_level: Annotated[LogLevel, _in_lower_case] = "info"
    metrics_port: int | None = Field(None, ge=1, le=65535)
    metrics_host: str = "127.0.0.1"
    log_format: Annotated[LogFormat, _in_lower_case] = "text"

    @classmethod
    def read(cls, environment: Mapping[str, str] = os.environ, dotenv: Path = Path(".env")) -> Self:
        """Read the environment, and from `dotenv` what the environment leaves out; empty means not set.

        Raises:
            SettingsError: names the key, the value (never the token's) and the fix.
        """
        given: dict[str, str | None] = {**dotenv_values(dotenv), **environment}
        values = {name: value for name in cls.model_fields if (value := given.get(name.upper()))}
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            name = str(error.errors()[0]["loc"][0])
            raise SettingsError(_complaint(name, values[name])) from error


_LIMITS_FIX = "use as many uses in a time as 60/10s 200/1m 5000/1d, or none"

_FIXES: dict[str, str] = {
    "discord_token": "copy the bot's token from the Discord developer portal",
    "database_url": "use an asynchronous driver, as sqlite+aiosqlite:///var/namesmith.db",
    "data_dir": "name a folder of <category>.txt files",
    "history_days": "use a whole number of days, or 0 to keep all",
    "member_limits": _LIMITS_FIX,
    "server_limits": _LIMITS_FIX,
    "obscene_words": "list words with commas between them",
    "upload_kib": "use a whole number of KiB up to 20480",
    "upload_names": "use a whole number from 10 to 200000",
    "name_letters": "use a whole number from 1 to 50",
    "server_categories": "use a whole number from 1 to 500",
    "training_memory_mib": "use a whole number of MiB, 256 at least",
    "training_minutes": "use a whole number of minutes, 1 at least",
    "models_kept": "use a whole number of models, 1 at least",
    "models_loaded": "use a whole number of models, 2 at least",
    "dev_guild_id": "use the server's ID, a whole number, or leave it out",
    "discord_api_url": "use an address as https://discord.com/api/v10, or leave it out",
    "discord_gateway_url": "use an address as wss://gateway.discord.gg, or leave it out",
    "log_level": "use debug, info, warning, error or critical",
    "metrics_port": "use a port from 1 to 65535, or leave it out",
    "metrics_host": "use an address of this machine, as 127.0.0.1 or 0.0.0.0",
    "log_format": "use text or json",
}


def _complaint(name: str, value: str) -> str:
    shown = "" if name == "discord_token" else f"={_without_password(value)}"
    return f"{name.upper()}{shown} can't be used: {_FIXES[name]}."


def _without_password(value: str) -> str:
    """The value as it is, but for the password of an address."""
    return re.sub(r"(?<=://)([^/@\s]*):[^/@\s]*@", r"\1:***@", value)


def missing(name: str) -> SettingsError:
    """The refusal of a start without a setting that it needs."""
    return SettingsError(f"{name.upper()} is missing: {_FIXES[name]}, and put it into .env.")
