"""Takes the README's pictures from the offline page itself: python -m docs.take_pictures"""

import re
import tempfile
from pathlib import Path

from playwright.sync_api import Locator

from tests.browser import Chat, chromium, demo

ROOT = Path(__file__).parents[1]
PICTURES = ROOT / "docs" / "pictures"


def main() -> None:
    """Use the page as its members would, and keep what is worth showing."""
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        for channel, take in (("workshop", _take_training), ("names", _take_names)):
            with demo(Path(folder) / "demo.db", ROOT / "data" / "names", channel) as address:
                take(Chat(browser, address, width=1000, height=1250))


def _take_training(chat: Chat) -> None:
    """At the first start the bot itself trains the base model, and then the admin the server's own."""
    _keep(chat.wait_for(re.compile(r"epoch [2-9]\d* of"), seconds=300), "training")
    _keep(chat.wait_for(re.compile("Trained this server.s model"), seconds=300), "trained")


def _take_names(chat: Chat) -> None:
    chat.wait_for("Russian")  # the page's own people have begun
    chat.page.wait_for_timeout(15_000)  # and are done
    chat.type_command("name", language="russian", letters="rus")
    card = chat.wait_for("Russian · for @Ada")
    card.scroll_into_view_if_needed()
    chat.page.wait_for_timeout(1500)  # while it is brought up to date it is dim
    chat.page.screenshot(path=PICTURES / "page.png")
    chat.press("Write it for me", card)
    chat.page.wait_for_timeout(3000)
    _keep(chat.messages.last, "written")
    chat.type_command("blend", first="italian", second="japanese", letters="am")
    _keep(chat.wait_for("×"), "blend")
    chat.type_command("origin", name="Rovakov")
    _keep(chat.wait_for("sounds"), "origin")
    chat.type_command("history")
    chat.press("Filter", chat.wait_for("Previous"))
    _keep(chat.wait_for("No filter"), "history")
    chat.type_command("top")
    _keep(chat.wait_for("Most asked for"), "top")
    chat.type_command("dataset list")
    _keep(chat.wait_for("own categories"), "dataset")


def _keep(message: Locator, name: str) -> None:
    message.scroll_into_view_if_needed()
    pictures = "() => [...document.images].every((image) => image.complete && image.naturalWidth)"
    message.page.wait_for_function(pictures)
    message.page.wait_for_timeout(700)  # what is in it is still being drawn
    message.screenshot(path=PICTURES / f"{name}.png")


if __name__ == "__main__":
    main()
