"""The playground as anyone starts it: one command, a page, Ctrl+C."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import psutil
import pytest
from playwright.async_api import Browser, expect

from bot.playground.bot_process import PLUG_PULLED
from bot.playground.launch import NOTICE
from tests.browser.chromium import a_context, arrive, plays, sounds
from tests.browser.process import Playground, a_playground, launched

pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.asyncio(loop_scope="session")]


async def test_one_command_brings_a_page_that_makes_music(browser: Browser) -> None:
    context = await a_context(browser)
    async with context, a_playground() as playground:
        ada = await arrive(context, playground.address)
        await expect(ada.part("notice")).to_have_text(NOTICE)
        await expect(ada.part("notice")).to_be_in_viewport()
        await expect(ada.part("bot-offline")).to_be_hidden()
        await ada.type("/")
        await expect(ada.part("panel-item")).to_contain_text(["/musicgen"])
        await ada.type("musicgen church bells duration: 3")
        await ada.press("Enter")
        card = await ada.card()
        await expect(card.get_by_test_id("audio-player")).to_be_visible(timeout=20_000)
        await expect(card.locator(".embed-footer")).to_contain_text("playground/synthesizer")
        await card.get_by_test_id("audio-toggle").click()
        await plays(card.get_by_test_id("audio"), beyond_s=0.2)

        await ada.page.get_by_role("button", name="Join voice in lounge").click()
        await card.get_by_test_id("button").filter(has_text="Play in voice").click()
        await expect(ada.part("voice-place")).to_have_text("In lounge with MusicGen")
        await sounds(ada.part("voice-audio"))
        assert ada.problems == []

        playground.interrupt()
        assert playground.family, "the bot is a process of its own"
        assert await playground.ended() == 0
        assert playground.orphans() == []
        await expect(ada.part("app")).to_have_attribute("data-connection", "lost")
        assert "Traceback" not in "\n".join(playground.lines)


async def test_a_bot_without_its_plug_goes_on_with_the_card(browser: Browser) -> None:
    context = await a_context(browser)
    async with context, a_playground() as playground:
        ada = await arrive(context, playground.address)
        await expect(ada.part("bot-offline")).to_be_hidden()
        await ada.send("/musicgen church bells duration: 12")
        card = await ada.card()
        first = _bot_of(playground)
        await ada.part("plug").click()
        await expect(ada.part("bot-offline")).to_contain_text(PLUG_PULLED)
        await expect(ada.part("plug")).to_be_disabled()
        await expect(card.get_by_test_id("audio-player")).to_be_visible(timeout=30_000)
        await expect(card).to_have_count(1)
        await expect(ada.part("bot-offline")).to_be_hidden()
        second = _bot_of(playground)
        assert second != first

        # And one that dies by itself.
        second.kill()
        await expect(ada.part("bot-offline")).to_contain_text(
            "ended by itself (killed by signal 9)"
        )
        await expect(ada.part("bot-offline")).to_be_hidden()
        await expect(ada.part("plug")).to_be_enabled()
        assert ada.problems == []
        playground.interrupt()
        assert await playground.ended() == 0
        assert playground.orphans() == []
    assert any("The bot has ended by itself" in line for line in playground.lines)


async def test_what_is_kept_is_there_after_a_restart_and_goes_on(
    browser: Browser, tmp_path: Path
) -> None:
    context = await a_context(browser)
    async with context:
        async with a_playground("--keep", str(tmp_path / "kept")) as playground:
            ada = await arrive(context, playground.address)
            await ada.type("/")
            await expect(ada.part("panel-item")).to_contain_text(["/musicgen"])
            await ada.type("musicgen church bells duration: 1")
            await ada.press("Enter")
            rung = await ada.card("church bells")
            await expect(rung.get_by_test_id("audio-player")).to_be_visible(timeout=20_000)
            await ada.send("/musicgen slow tango duration: 12")
            await expect(await ada.card("slow tango")).to_contain_text("Generating")
            playground.interrupt()
            assert await playground.ended() == 0
        async with a_playground("--keep", str(tmp_path / "kept")) as playground:
            ada = await arrive(context, playground.address)
            rung = await ada.card("church bells")
            await rung.get_by_test_id("audio-toggle").click()
            await plays(rung.get_by_test_id("audio"), beyond_s=0.2)
            tango = await ada.card("slow tango")
            await expect(tango.get_by_test_id("audio-player")).to_be_visible(timeout=30_000)
            await rung.get_by_test_id("button").filter(has_text="Info").click()
            await expect(ada.messages.last).to_contain_text("How it was made")
            await expect(ada.messages).to_have_count(3)
            assert ada.problems == []
            assert not any("commands synced" in line for line in playground.lines)


async def test_a_folder_that_holds_something_else_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "discord.json").write_text("[]")
    process = await launched("--keep", str(tmp_path))
    async with asyncio.timeout(20):
        output, _ = await process.communicate()
    assert process.returncode == 2
    assert "cannot be used: it is of another release, or broken" in output.decode()
    assert "Traceback" not in output.decode()


def _bot_of(playground: Playground) -> psutil.Process:
    [bot] = psutil.Process(playground.process.pid).children()
    return bot


async def test_a_port_that_is_taken_is_told_in_a_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = await launched(port=port)
        async with asyncio.timeout(20):
            output, _ = await process.communicate()
    assert process.returncode == 2
    assert f"The playground cannot use port {port}: Address already in use." in output.decode()
    assert "Traceback" not in output.decode()
