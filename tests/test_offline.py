"""The offline page by hand: headless Chromium types commands and clicks buttons."""

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator

from bot.offline import _WISHES
from tests.browser import CHROMIUM, Chat, chromium, demo

pytestmark = pytest.mark.skipif(
    CHROMIUM is None and not os.environ.get("CI"), reason="there is no Chromium: install Debian's chromium"
)

_LONGEST_TRAINING = 240  # seconds: its process goes behind all others of the machine


def cards_of(chat: Chat, letters: str, count: int) -> list[Locator]:
    """Wait for so many cards whose names begin with these."""
    for _ in range(300):
        found = [card for card in chat.messages.all() if initials(card) == letters]
        if len(found) >= count:
            return found
        chat.page.wait_for_timeout(200)
    raise AssertionError(f"there are no {count} cards of {letters}")


def wait_for_the_others(chat: Chat) -> None:
    """Until the page's own people are done: what they do would come between two keys of a command."""
    for _ in range(600):
        if chat.messages.filter(has_text="for @").count() >= _WISHES:  # one that was cut short is made again
            return
        chat.page.wait_for_timeout(200)
    raise AssertionError("they are not done")


def initials(card: Locator) -> str:
    """What the names of a card of /name begin with."""
    return "".join(name[0] for name in card.locator("h2").all_inner_texts())


def test_names_history_and_a_retraining_by_hand(tmp_path: Path, data_dir: Path) -> None:
    with demo(tmp_path / "demo.db", data_dir) as address, chromium() as browser:
        chat = Chat(browser, address)
        chat.wait_for("is in use", seconds=_LONGEST_TRAINING)  # the base model is trained before one's eyes
        wait_for_the_others(chat)

        chat.type_command("name", language="russian", letters="rus")
        (card,) = cards_of(chat, "RUS", 1)
        first_name = card.locator("h2").first.inner_text()  # its place changes with each new message
        chat.press("Again", chat.messages.filter(has_text=first_name).last)
        cards_of(chat, "RUS", 2)

        chat.type_command("history")
        history = chat.wait_for("Filter")
        assert history.get_by_text("Russian").count()

        chat.type_command("retrain", recipe="quick")
        chat.wait_for("this server's model")
        chat.wait_for(re.compile("Trained this server.s model"), seconds=_LONGEST_TRAINING)
