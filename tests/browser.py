"""The offline page in headless Chromium: starts it, types and clicks as a person would."""

import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

CHROMIUM = shutil.which("chromium")

_SECONDS = 1000  # Playwright counts milliseconds


@contextmanager
def demo(database: Path, data_dir: Path, channel: str = "names") -> Iterator[str]:
    """Run the offline page in a process of its own; its address. It must end cleanly on Ctrl-C."""
    options = ["--port", "0", "--database", str(database), "--data-dir", str(data_dir), "--channel", channel]
    process = subprocess.Popen(
        [sys.executable, "-m", "bot.offline", *options], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        address = re.search(r"http://\S+", process.stdout.readline())
        assert address, "the page printed no address"
        yield address[0]
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=15) == 0
    finally:
        process.kill()
        process.wait()


@contextmanager
def chromium() -> Iterator[Browser]:
    """A headless Chromium that reaches for nothing but what it is shown."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"],
        )
        yield browser
        browser.close()


class Chat:
    """The page as one of its viewers uses it."""

    def __init__(self, browser: Browser, address: str, *, width: int = 1100, height: int = 850) -> None:
        self.page: Page = browser.new_page(viewport={"width": width, "height": height})
        self.page.goto(address)
        self._wait_until_ready()

    @property
    def messages(self) -> Locator:
        return self.page.locator("#channel-message-list article.channel-message")

    def look_as(self, viewer: str) -> None:
        """Go on as another member."""
        self.page.select_option("#viewer-picker", label=viewer)
        self._wait_until_ready()

    def type_command(self, name: str, /, **options: str) -> None:
        """Type a slash command and its options, choose each from what is offered, and send it."""
        box = self.page.locator("#channel-composer-input")
        box.click()
        box.press_sequentially(f"/{name}")
        self.page.locator(".command-entry", has=self.page.get_by_text(f"/{name}", exact=True)).first.click()
        for option, value in options.items():
            self._fill(option, value)
        self.page.locator("#send-message").click()

    def _fill(self, option: str, value: str) -> None:
        field = self.page.locator(f'.command-option-input[data-option="{option}"]')
        if not field.count():  # an optional one shows when it is asked for
            self.page.locator(".command-ghost").click()
            self.page.locator(f'.command-suggestion[data-value="{option}"]').click()
        field.click()
        field.press_sequentially(value)
        if option in ("language", "first", "second"):
            self.page.locator(".command-suggestion").first.click()

    def press(self, label: str, message: Locator | None = None) -> None:
        """Press the button of that label, of the last message that has one."""
        (message or self.page).get_by_role("button", name=label).last.click()

    def wait_for(self, text: str | re.Pattern[str], seconds: float = 20) -> Locator:
        """Wait until the last message that says this is there."""
        found = self.messages.filter(has_text=text).last
        expect(found).to_be_visible(timeout=seconds * _SECONDS)
        return found

    def _wait_until_ready(self) -> None:
        self.page.wait_for_function("() => window.simcordPreview && window.simcordPreview.ready")
