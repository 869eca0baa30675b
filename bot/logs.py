"""Logs: one line an event, for a terminal or as JSON, and no secret in any of them."""

import logging
import sys
import textwrap
import threading
from collections.abc import Sequence
from types import TracebackType
from typing import TextIO, TypeAlias

from pythonjsonlogger.json import JsonFormatter
from sqlalchemy import make_url

from bot.settings import Settings

log = logging.getLogger(__name__)

_Raised: TypeAlias = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]

_HIDDEN = "***"

_ESCAPES = {
    ord(character): ascii(character)[1:-1]
    for character in [*map(chr, range(0x20)), *map(chr, range(0x7F, 0xA0)), "\u2028", "\u2029"]
    if character not in "\n\t"
}
"""Characters by which a text from outside would move the cursor or recolour the terminal."""


def set_up(settings: Settings) -> None:
    """Send all logs of this process to standard error, what no one caught among them."""
    handler = _Handler(_secrets(settings))
    handler.setFormatter(_JSON if settings.log_format == "json" else _Lines())
    logging.basicConfig(
        level=logging.getLevelNamesMapping()[settings.log_level.upper()], handlers=[handler], force=True
    )
    logging.getLogger("alembic").setLevel(logging.WARNING)  # it tells of each look at the schema
    logging.captureWarnings(capture=True)
    sys.excepthook = lambda *raised: log.critical("the program ended", exc_info=raised)
    threading.excepthook = _log_thread


def _secrets(settings: Settings) -> list[str]:
    token = settings.discord_token
    secrets = [token.get_secret_value() if token else None, make_url(settings.database_url).password]
    return [str(secret) for secret in secrets if secret]


def _log_thread(ended: threading.ExceptHookArgs) -> None:
    raised = (ended.exc_type, ended.exc_value or ended.exc_type(), ended.exc_traceback)
    log.error("a thread ended: %s", ended.thread, exc_info=raised)


class _Handler(logging.StreamHandler[TextIO]):
    """Writes to standard error, without the secrets, whoever logs them: a library, or a traceback."""

    def __init__(self, secrets: Sequence[str]) -> None:
        super().__init__()
        self._secrets = secrets

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        for secret in self._secrets:
            text = text.replace(secret, _HIDDEN)
        return text


class _Lines(logging.Formatter):
    """An event a line, whatever is in it; its traceback follows, set in."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-8s %(name)s: %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging calls it so
        return super().formatMessage(record).translate(_ESCAPES).replace("\n", "\\n")

    def formatException(self, raised: _Raised) -> str:  # noqa: N802 - and so
        return textwrap.indent(super().formatException(raised).translate(_ESCAPES), "    ")


_JSON = JsonFormatter(
    ["levelname", "name", "message"],
    rename_fields={"levelname": "level", "name": "logger", "exc_info": "traceback"},
    timestamp="time",
)
