"""The Chromium of this machine, and a person at a page in it."""

from __future__ import annotations

import asyncio
import shutil
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Dialog,
    Locator,
    Page,
    Request,
    Response,
    async_playwright,
    expect,
)

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
"""The first has no windows to draw, and takes less than half of what the others take."""
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE_S = 30.0
DESKTOP = (1280, 800)
PHONE = (360, 740)
_SEEN_MAX = 200
_ON_OUR_OWN = {"127.0.0.1", ""}
"""Where a page's requests may go; data and blob addresses have no host."""

TOO_WIDE = """() => [...document.querySelectorAll("*")].filter((node) => {
  const { overflowX, textOverflow } = getComputedStyle(node);
  const cuts = node === document.documentElement || overflowX !== "visible";
  const says = textOverflow === "ellipsis" || node.matches("input, .visually-hidden, .skip");
  return cuts && !says && node.scrollWidth > node.clientWidth;
}).map((node) => `${node.tagName} ${node.className}: ${node.scrollWidth} > ${node.clientWidth}`)"""


def find_chromium() -> str | None:
    """The path of a Chromium, or None."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


@asynccontextmanager
async def a_browser(path: str) -> AsyncGenerator[Browser]:
    """A headless Chromium."""
    expect.set_options(timeout=PATIENCE_S * 1000)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=FLAGS)
        try:
            yield browser
        finally:
            await browser.close()


class Visitor:
    """A person at the playground's page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.problems: list[str] = []
        """What the page should not have done: errors, dialogs, requests to elsewhere."""
        self._seen: deque[str] = deque(maxlen=_SEEN_MAX)
        """What its requests were answered, and what it has logged, the last of it."""
        page.set_default_timeout(PATIENCE_S * 1000)
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.problems.append(f"uncaught: {error}"))
        page.on("request", self._follow)
        page.on("response", self._note)
        page.on("dialog", self._refuse)

    def seen(self) -> str:
        """What the page did, for the report of a test that fails."""
        return "\n".join([*self._seen, *self.problems])

    def _note(self, response: Response) -> None:
        path = urlsplit(response.url).path
        if not (response.ok and path.startswith("/page/")):
            self._seen.append(f"{response.status} {response.request.method} {path}")

    def _hear(self, message: ConsoleMessage) -> None:
        self._seen.append(f"{message.type}: {message.text}")
        if message.type in {"error", "warning"}:
            self.problems.append(f"{message.type}: {message.text}")

    def _follow(self, request: Request) -> None:
        if (urlsplit(request.url).hostname or "") not in _ON_OUR_OWN:
            self.problems.append(f"asked elsewhere: {request.url}")

    async def _refuse(self, dialog: Dialog) -> None:
        self.problems.append(f"dialog: {dialog.message}")
        await dialog.dismiss()

    def forgive(self, words: str, times: int | None = None) -> None:
        """Chromium itself logs a refused request as an error: exactly so many with `words`."""
        theirs = [problem for problem in self.problems if words in problem]
        assert times is None or len(theirs) == times, self.problems
        self.problems = [problem for problem in self.problems if words not in problem]

    # ------------------------------------------------------------------ what is there

    def part(self, name: str) -> Locator:
        """The parts of the page with this test id."""
        return self.page.get_by_test_id(name)

    @property
    def composer(self) -> Locator:
        return self.part("composer-text")

    @property
    def messages(self) -> Locator:
        return self.part("message")

    @property
    def said(self) -> Locator:
        """The text of the latest message; for a moment that may be "Sending command…"."""
        return self.part("content").last

    @property
    def failure(self) -> Locator:
        return self.part("failure")

    def option(self, name: str) -> Locator:
        """The field of a command's option."""
        return self.page.locator(f"[data-option={name}]").get_by_test_id("option-input")

    def channel(self, name: str) -> Locator:
        return self.page.locator(f"[data-testid=channel][data-channel-name='{name}']")

    def button(self, label: str) -> Locator:
        return self.part("button").filter(has_text=label)

    async def card(self, text: str = "") -> Locator:
        """The latest message with an embed and `text`, held by its id whatever follows it."""
        cards = self.messages.filter(has=self.part("embed"), has_text=text)
        await expect(cards.last).to_be_visible()
        number = await cards.last.get_attribute("data-message-id")
        return self.page.locator(f"[data-message-id='{number}']")

    # ------------------------------------------------------------------ what people do

    async def type(self, text: str) -> None:
        await self.page.keyboard.type(text)

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self.page.keyboard.press(key)

    async def send(self, line: str) -> None:
        """Type into the message box, then Enter."""
        await self.composer.focus()
        await self.type(line)
        await self.press("Enter")

    async def add(self, option: str, value: str, *keys: str) -> None:
        """From the end of a command: find an option by its name, then give it a value."""
        await expect(self.part("option-add")).to_be_focused()
        await self.type(option)
        await expect(self.part("panel-item").first).to_contain_text(option)
        await self.press("Enter")
        await expect(self.option(option)).to_be_focused()
        await self.type(value)
        await self.press(*keys)

    async def tab_to(self, target: Locator, key: str = "Tab") -> None:
        """Walk there with the keyboard."""
        for _ in range(40):
            await self.press(key)
            if await target.evaluate("node => node === document.activeElement"):
                return
        raise AssertionError(f"{target} is not on the keyboard's way")

    async def choose_file(self, button: Locator, name: str, data: bytes, kind: str) -> None:
        """Press what opens the file dialog, and choose one there."""
        async with self.page.expect_file_chooser() as dialog:
            await button.click()
        chooser = await dialog.value
        await chooser.set_files({"name": name, "mimeType": kind, "buffer": data})

    async def download(self, link: Locator) -> tuple[str, bytes]:
        """Press a download link; the name and the content of the file it saves."""
        async with self.page.expect_download() as saving:
            await link.click()
        saved = await saving.value
        return saved.suggested_filename, await asyncio.to_thread((await saved.path()).read_bytes)


async def plays(audio: Locator, beyond_s: float) -> None:
    """Wait until a player sounds beyond a time, or has sounded to its end."""
    async with asyncio.timeout(PATIENCE_S):
        await audio.evaluate(
            """(audio, beyond) => new Promise((done) => {
              const sounds = () => audio.ended || (!audio.paused && audio.currentTime > beyond);
              const look = () => sounds() && done();
              audio.addEventListener('timeupdate', look);
              look();
            })""",
            beyond_s,
        )


async def sounds(audio: Locator) -> None:
    """Wait until something that is no silence comes out of a player."""
    async with asyncio.timeout(PATIENCE_S):
        await audio.evaluate(
            """async (audio) => {
              const context = new AudioContext();
              const meter = context.createAnalyser();
              context.createMediaElementSource(audio).connect(meter);
              const samples = new Float32Array(meter.fftSize);
              while (Math.max(...samples) < 0.02) {
                await new Promise((done) => setTimeout(done, 20));
                meter.getFloatTimeDomainData(samples);
              }
              await context.close();
            }"""
        )


async def too_wide(page: Page) -> list[str]:
    """What would need a horizontal scroll, or is cut off without a sign."""
    found: list[str] = await page.evaluate(TOO_WIDE)
    return found


async def a_context(browser: Browser, *, phone: bool = False) -> BrowserContext:
    """A fresh profile: on a desk, or on a phone with a touch screen."""
    width, height = PHONE if phone else DESKTOP
    return await browser.new_context(
        viewport={"width": width, "height": height}, has_touch=phone, is_mobile=phone
    )


async def arrive(
    context: BrowserContext, address: str, who: str = "ada", channel: str = "jam"
) -> Visitor:
    """Open the page as somebody, and wait until it shows a channel."""
    visitor = Visitor(await context.new_page())
    await visitor.page.goto(f"{address}/?as={who}&channel={channel}")
    await expect(visitor.part("channel-name")).to_have_text(channel)
    await expect(visitor.part("app")).to_have_attribute("data-connection", "open")
    return visitor
