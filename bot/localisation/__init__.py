"""What people read, in their own language.

The English sentences in the code are the keys of the catalogues (gettext, one `.po` file a language);
`python -m bot.localisation` brings those up to date with the code. Which language is spoken belongs to
the task that answers: see `speak` and `speaking`.
"""

import gettext
import io
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Literal

import babel
from babel.dates import format_timedelta, parse_date
from babel.lists import format_list
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal, format_percent

CATALOGUES = Path(__file__).parent / "catalogues"

LANGUAGES = {
    "de": "de",
    "es-419": "es",
    "es-ES": "es",
    "fr": "fr",
    "ja": "ja",
    "pt-BR": "pt_BR",
    "ru": "ru",
}
"""The catalogue of each of Discord's locales that has one; all others read English."""


@dataclass(frozen=True, slots=True)
class Tongue:
    """A language: how it writes numbers and lists, and its catalogue."""

    locale: babel.Locale
    catalogue: gettext.NullTranslations


ENGLISH = Tongue(babel.Locale("en"), gettext.NullTranslations())

_spoken: ContextVar[Tongue] = ContextVar("spoken", default=ENGLISH)


@cache
def tongue(locale: str) -> Tongue:
    """The language of one of Discord's locales, such as `pt-BR`."""
    name = LANGUAGES.get(locale)
    if name is None:
        return ENGLISH
    compiled = io.BytesIO()
    with (CATALOGUES / f"{name}.po").open("rb") as file:
        write_mo(compiled, read_po(file, locale=name))
    compiled.seek(0)
    return Tongue(babel.Locale.parse(name), gettext.GNUTranslations(compiled))


def speak(locale: object) -> None:
    """Answer in one of Discord's locales from here on, in this task."""
    _spoken.set(tongue(str(locale)))


@contextmanager
def speaking(locale: object) -> Iterator[None]:
    """Speak the language of one of Discord's locales meanwhile."""
    before = _spoken.set(tongue(str(locale)))
    try:
        yield
    finally:
        _spoken.reset(before)


def _(sentence: str, /, **values: object) -> str:
    """The sentence in the language spoken, with the values in its braces; counts as one writes them."""
    return _filled(_spoken.get().catalogue.gettext(sentence), values)


def ngettext(one: str, many: str, count: int, /, **values: object) -> str:
    """The form of a sentence that suits a count, which stands in its `{count}`."""
    return _filled(_spoken.get().catalogue.ngettext(one, many, count), {"count": count, **values})


def N_(sentence: str, /) -> str:  # noqa: N802 - gettext's own name for it
    """Mark a sentence for the catalogues that is translated later, where it is shown."""
    return sentence


def number(value: float) -> str:
    """12,345 in English, 12.345 in German."""
    return format_decimal(value, locale=_spoken.get().locale)


def decimals(value: float) -> str:
    """A figure such as a loss, with three decimals."""
    return format_decimal(value, "0.000", locale=_spoken.get().locale)


def percent(share: float) -> str:
    """0.31 as 31 %."""
    return format_percent(share, locale=_spoken.get().locale)


def listed(items: Sequence[str], style: Literal["standard", "or"] = "standard") -> str:
    """A, B, and C; with the style `or`, A, B, or C."""
    return format_list(items, style=style, locale=_spoken.get().locale)


def read_date(typed: str) -> date | None:
    """The date that one wrote in the order of the language spoken, or as 2026-03-31; None if it is none."""
    try:
        return parse_date(typed, locale=_spoken.get().locale, format="short")
    except (ValueError, OverflowError):
        return None


def duration(seconds: float) -> str:
    """How long, as one says it: 45 sec, 2 min 5 sec, 3 hr 10 min."""
    minutes, seconds_left = divmod(round(seconds), 60)
    hours, minutes_left = divmod(minutes, 60)
    if hours:
        return f"{_unit(hours, 'hour')} {_unit(minutes_left, 'minute')}"
    return (
        f"{_unit(minutes, 'minute')} {_unit(seconds_left, 'second')}"
        if minutes
        else _unit(seconds_left, "second")
    )


def _unit(value: int, unit: Literal["hour", "minute", "second"]) -> str:
    # Not format_unit, which says "1 horas" in Spanish and Portuguese: it wants a form that CLDR leaves out
    # where the plural's does. Without a threshold that it could reach, no larger unit is taken.
    length = timedelta(**{f"{unit}s": value})
    return format_timedelta(
        length, granularity=unit, threshold=math.inf, format="short", locale=_spoken.get().locale
    )


def _filled(sentence: str, values: dict[str, object]) -> str:
    if not values:
        return sentence  # its braces are its own
    shown = {key: number(value) if isinstance(value, int) else value for key, value in values.items()}
    return sentence.format(**shown)
