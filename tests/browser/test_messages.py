"""Messages on the page: embeds, buttons, selects, files, edits, and a connection that breaks."""

from __future__ import annotations

from typing import Literal

import discord
import pytest
from playwright.async_api import expect

from bot.playground.discord import DiscordStandIn, File
from tests.browser.chromium import Visitor, plays
from tests.browser.conftest import Visit
from tests.browser.showcase import showcase_bot
from tests.contract.discord_kit import running
from tests.journey.sound import wav

pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.asyncio(loop_scope="session")]

FIRST_RESPONSE_S = 3.0


async def test_an_embed_with_its_picture_and_its_file(guest: Visitor) -> None:
    await guest.send("/card ")
    card = await guest.card()
    picture = card.locator("img.embed-image")
    await expect(picture).to_have_attribute("alt", "A waveform")
    assert await picture.evaluate("(img) => img.decode().then(() => img.naturalWidth)") == 640
    await expect(card.get_by_test_id("embed-field")).to_have_text(["Seed7", "Model" + "large"])
    await expect(card.get_by_test_id("attachment")).to_have_count(1)
    await expect(card.get_by_test_id("audio-player")).to_contain_text("song.wav")
    docs = card.get_by_role("link", name="Docs")
    await expect(docs).to_have_attribute("href", "https://example.com/docs")
    await expect(guest.button("Off")).to_be_disabled()


async def test_an_edit_disturbs_neither_the_music_nor_the_focus(
    showcase: DiscordStandIn, guest: Visitor, visit: Visit
) -> None:
    await guest.send("/card ")
    card = await guest.card()
    audio = card.get_by_test_id("audio")
    kept = await audio.element_handle()
    await card.get_by_test_id("audio-toggle").click()
    await plays(audio, beyond_s=0.05)
    await guest.button("Docs").focus()
    bo = await visit(showcase.base_url, "bo")
    await bo.button("Rename").click()
    await expect(card.get_by_test_id("content")).to_contain_text("another name")
    assert await audio.evaluate("(audio, kept) => audio === kept && audio.currentTime > 0", kept)
    await expect(guest.button("Docs")).to_be_focused()
    await expect(bo.button("Rename")).to_be_focused()
    await expect(bo.failure).to_have_count(0)


async def test_selects_of_one_of_many_and_of_places(guest: Visitor) -> None:
    await guest.send("/card ")
    card = await guest.card()
    take, stems, place = (card.get_by_test_id("select").nth(n) for n in range(3))
    await take.focus()
    await guest.press("ArrowDown", "ArrowDown", "Enter")
    await expect(guest.said).to_have_text("take ['1']")

    await stems.click()
    options = guest.part("select-option")
    await options.filter(has_text="sax").click()
    await options.filter(has_text="drums").click()
    await expect(options.filter(has_text="bass")).to_be_disabled()
    await guest.press("Escape")
    await expect(guest.said).to_have_text("stems ['sax', 'drums']")

    await place.click()
    await expect(guest.part("select-option")).to_have_text(["#jam", "#lab"])
    await options.filter(has_text="#lab").click()
    await expect(guest.said).to_have_text("place lab")


async def test_no_answer_within_the_time_is_told(showcase: DiscordStandIn, guest: Visitor) -> None:
    world = showcase.world
    await guest.send("/silent ")
    await world.until(lambda _: len(world.interactions) == 1)
    await expect(guest.messages).to_contain_text("Sending command…")
    showcase.clock.advance(FIRST_RESPONSE_S)
    await expect(guest.failure).to_have_text("The application did not respond")
    await guest.part("dismiss").click()
    await expect(guest.messages).to_have_count(0)

    await guest.send("/card ")
    await guest.button("Lost").click()
    await expect(guest.button("Lost")).to_have_attribute("aria-busy", "true")
    await world.until(lambda _: len(world.interactions) == 3)
    showcase.clock.advance(FIRST_RESPONSE_S)
    await expect(guest.failure).to_have_text("The application did not respond")
    await expect(guest.button("Lost")).not_to_have_attribute("aria-busy", "true")


async def test_an_ordinary_message_with_a_file_and_its_end(
    showcase: DiscordStandIn, guest: Visitor, visit: Visit
) -> None:
    bo = await visit(showcase.base_url, "bo")
    mod = await visit(showcase.base_url, "mod")
    tune = wav(0.5)
    await guest.choose_file(guest.part("attach"), "my riff.wav", tune, "audio/wav")
    await expect(guest.part("tray-file")).to_contain_text("my riff.wav")
    await guest.send("**listen** to `this`")
    await expect(bo.said).to_have_text("listen to this")
    await expect(bo.said.locator("strong")).to_have_text("listen")
    assert await bo.download(bo.part("audio-download")) == ("my_riff.wav", tune)

    await bo.messages.click(button="right", position={"x": 300, "y": 8})
    await expect(bo.part("message-menu")).to_be_visible()
    await expect(bo.part("delete-message")).to_have_count(0)
    await mod.messages.click(button="right", position={"x": 300, "y": 8})
    await mod.part("delete-message").click()
    await mod.part("dialog-submit").click()
    for page in (guest, bo, mod):
        await expect(page.messages).to_have_count(0)


async def test_new_commands_come_without_a_reload(visit: Visit) -> None:
    async with DiscordStandIn() as standin:
        guest = await visit(standin.base_url)
        await expect(guest.part("bot-offline")).to_be_visible()
        await guest.type("/")
        await expect(guest.part("panel")).to_contain_text(
            "The bot has not brought its commands yet."
        )
        async with running(standin, showcase_bot()) as bot:
            await expect(guest.part("bot-offline")).to_be_hidden()

            @bot.tree.command(description="New.")
            async def brandnew(interaction: discord.Interaction) -> None:
                await interaction.response.send_message("fresh")

            await bot.tree.sync()
            await guest.type("brandnew")
            await guest.press("Enter", "Enter")
            await expect(guest.said).to_have_text("fresh")


async def test_a_lost_connection_is_told_and_made_again(visit: Visit) -> None:
    async with DiscordStandIn() as standin:
        port = int(standin.base_url.rpartition(":")[2])
        bo = await visit(standin.base_url, "bo", "lab")
    connection = bo.part("connection")
    await expect(connection).to_have_text("Connection lost. Reconnecting…")
    # The one that comes back knows nobody by the old ids: names are what lasts.
    async with DiscordStandIn(port=port) as standin:
        await standin.actor("ada").post(standin.world.lab, "back", [File("a.wav", wav(0.1))])
        await expect(bo.said).to_have_text("back")
        await expect(connection).to_be_empty()
        await expect(bo.part("channel-name")).to_have_text("lab")
        await bo.send("hello again")
        posted = await standin.world.until(
            lambda world: [m for m in world.messages.values() if m.content == "hello again"]
        )
        assert [message.author.username for message in posted] == ["bo"]
    bo.problems = [problem for problem in bo.problems if "WebSocket" not in problem]


async def test_a_screen_reader_hears_who_wrote_what_and_no_emoji(guest: Visitor) -> None:
    await guest.send("/card ")
    face = guest.button("Lost").locator(".button-emoji")
    await expect(face).to_have_attribute("aria-hidden", "true")
    await guest.send("hello")
    message = guest.messages.filter(has_text="hello")
    await expect(message).to_have_attribute("aria-label", "Ada: hello")


async def test_a_conversation_with_the_bot_shows_its_two(guest: Visitor) -> None:
    await guest.channel("MusicGen").click()
    members = guest.part("members")
    await expect(members.locator(".member-name")).to_have_text(["MusicGenAPP", "Ada"])
    await guest.channel("jam").click()
    await expect(members.locator(".member-name")).to_have_count(4)


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
async def test_escape_closes_the_drawer_wherever_the_focus_is(
    showcase: DiscordStandIn, visit: Visit, motion: Literal["no-preference", "reduce"]
) -> None:
    phone = await visit(showcase.base_url, phone=True)
    await phone.page.emulate_media(reduced_motion=motion)
    await phone.part("drawer-open").tap()
    await expect(phone.part("sidebar")).to_have_class("sidebar is-open")
    await expect(phone.channel("jam")).to_be_focused()
    await phone.page.evaluate("document.activeElement.blur()")
    await phone.press("Escape")
    await expect(phone.part("sidebar")).to_have_class("sidebar")
    await expect(phone.part("drawer-open")).to_be_focused()
