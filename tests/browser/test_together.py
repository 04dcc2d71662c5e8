"""Several people, several places, and a bot that goes away and comes back."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from bot.audio import picture
from bot.playground.replicate.timings import Timings
from tests.browser.chromium import Visitor, too_wide
from tests.browser.conftest import Visit
from tests.journey.rig import Rig, a_rig

pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.asyncio(loop_scope="session")]

ENDLESS = Timings(cold_start_s=0, step_rate_per_s=0.5, tick_s=1)


@pytest_asyncio.fixture(loop_scope="session")
async def slow(tmp_path: Path, browser: Browser) -> AsyncGenerator[Rig]:
    """The bot with a model that is never done."""
    async with a_rig(tmp_path, timings=ENDLESS) as rig:
        yield rig


async def test_a_refusal_is_seen_by_its_addressee_alone(
    rig: Rig, ada: Visitor, visit: Visit
) -> None:
    bo = await visit(rig.discord.base_url, "bo")
    await ada.send("/musicgen gong continuation: true")
    await ada.press("Enter")
    private = ada.messages.filter(has_text="continuation needs audio")
    await expect(private.get_by_test_id("ephemeral-note")).to_contain_text("Only you can see this")
    await ada.send("/musicgen a public gong duration: 1")
    await expect(bo.part("audio-player")).to_be_visible()
    await expect(bo.messages).to_have_count(1)
    await expect(bo.page.locator("[data-ephemeral=true]")).to_have_count(0)

    await bo.page.reload()
    await expect(bo.messages).to_have_count(1)
    await private.get_by_test_id("dismiss").click()
    await expect(private).to_have_count(0)
    await expect(ada.messages).to_have_count(1)
    assert len(rig.replicate.predictions) == 1


async def test_the_others_watch_and_may_not_cancel_but_the_requester_may(
    slow: Rig, visit: Visit
) -> None:
    ada = await visit(slow.discord.base_url)
    bo = await visit(slow.discord.base_url, "bo")
    await ada.send("/musicgen endless drone duration: 1")
    seen = await bo.card()
    await expect(seen.get_by_test_id("embed-description")).to_contain_text("Generating")
    await bo.button("Cancel").click()
    told = bo.messages.filter(has_text="who asked for this track, or somebody")
    await expect(told.get_by_test_id("ephemeral-note")).to_be_visible()
    await expect(seen.get_by_test_id("embed-description")).to_contain_text("Generating")

    await ada.button("Cancel").click()
    for page in (ada, bo):
        card = await page.card()
        await expect(card.get_by_test_id("embed-description")).to_contain_text(
            "Canceled. No track was made."
        )
        await expect(page.button("Cancel")).to_have_count(0)
    await expect(ada.messages).to_have_count(1)
    prediction = await slow.prediction(lambda one: one.is_terminal)
    assert prediction.status == "canceled"


async def test_a_direct_message_stays_between_two(rig: Rig, ada: Visitor, visit: Visit) -> None:
    bo = await visit(rig.discord.base_url, "bo", "MusicGen")
    await ada.channel("MusicGen").click()
    await expect(ada.part("channel-name")).to_have_text("MusicGen")
    await ada.send("/musicgen ukulele duration: 1")
    await expect((await ada.card()).get_by_test_id("audio-player")).to_be_visible()
    [message] = rig.public_messages()
    assert message.channel is rig.ada.dm
    await bo.send("anybody here?")
    # And the bot's one line for who writes to it.
    await expect(bo.messages).to_have_count(2)
    await expect(bo.part("content").first).to_have_text("anybody here?")


async def test_what_happens_in_another_channel_is_announced_and_stays_there(
    rig: Rig, ada: Visitor, visit: Visit
) -> None:
    bo = await visit(rig.discord.base_url, "bo", "lab")
    await bo.send("/musicgen lab noises duration: 1")
    await expect(ada.channel("lab")).to_have_attribute("data-unread", "1")
    await expect(ada.messages).to_have_count(0)
    await ada.channel("lab").click()
    await expect((await ada.card("lab noises")).get_by_test_id("audio-player")).to_be_visible()
    await expect(ada.channel("lab")).to_have_attribute("data-unread", "0")
    await bo.send(f"<@{rig.ada.user.id}> how is it?")
    await expect(ada.said).to_have_text("@Ada how is it?")
    await ada.channel("jam").click()
    await bo.send(f"<@{rig.ada.user.id}>?")
    await expect(ada.part("mention-count")).to_have_text("1")
    await expect(ada.page).to_have_title("(1) #jam | Playground")


async def test_one_page_acts_as_another_person(rig: Rig, ada: Visitor) -> None:
    await ada.send("hello")
    await ada.page.locator("[data-user-name=Bo]").click()
    await expect(ada.page.locator("[data-user-name=Bo]")).to_have_attribute("aria-pressed", "true")
    await ada.send("/musicgen gong duration: 1")
    used = (await ada.card()).get_by_test_id("used-command")
    await expect(used).to_contain_text("Bo used /musicgen")
    assert {one.user for one in rig.discord.world.interactions.values()} == {rig.bo.user}


async def test_a_bot_that_is_away_is_shown_and_does_not_respond(rig: Rig, ada: Visitor) -> None:
    banner = ada.part("bot-offline")
    await expect(banner).to_be_hidden()
    await rig.stop()
    await expect(banner).to_contain_text("MusicGen is offline")
    await expect(ada.part("members")).to_contain_text("Offline")
    await ada.send("/musicgen gong duration: 1")
    await expect(ada.failure).to_have_text("The application did not respond")
    # Nobody was there to suggest prompts either.
    ada.forgive("400 (Bad Request)")

    await rig.start()
    await expect(banner).to_be_hidden()
    await ada.part("dismiss").click()
    await expect(ada.messages).to_have_count(0)
    await ada.send("/musicgen gong duration: 1")
    await expect((await ada.card()).get_by_test_id("audio-player")).to_be_visible()
    await expect(ada.failure).to_have_count(0)


async def test_on_a_phone_nothing_needs_a_sideways_scroll(rig: Rig, visit: Visit) -> None:
    phone = await visit(rig.discord.base_url, phone=True)
    assert await too_wide(phone.page) == []
    await phone.part("drawer-open").tap()
    await phone.channel("lab").tap()
    await expect(phone.part("channel-name")).to_have_text("lab")
    assert await too_wide(phone.page) == []

    await phone.composer.tap()
    await phone.type("/")
    await phone.part("panel-item").filter(has_text="/musicgen").tap()
    prompt = "a long prompt that wraps, with brassy-percussive-" + "very" * 15 + " drums"
    await phone.type(prompt)
    await phone.part("option-add").tap()
    await phone.part("panel-item").filter(has_text="model_version").tap()
    await phone.part("panel-item").filter(has_text="small").tap()
    assert await too_wide(phone.page) == []
    await phone.part("option-add").tap()
    await phone.part("panel-item").filter(has_text="duration").first.tap()
    await phone.type("1")
    await phone.part("send").tap()
    card = await phone.card()
    await expect(card.get_by_test_id("audio-player")).to_be_visible()
    assert await too_wide(phone.page) == []
    [prediction] = rig.replicate.predictions
    assert prediction.input["prompt"] == prompt
    assert prediction.input["model_version"] == "small"
    play = await card.get_by_test_id("audio-toggle").bounding_box()
    assert play is not None
    assert min(play["width"], play["height"]) >= 24
    assert play["x"] + play["width"] <= 360


async def test_on_a_phone_lists_forms_and_pictures_can_be_read(rig: Rig, visit: Visit) -> None:
    phone = await visit(rig.discord.base_url, phone=True)
    await phone.send("/musicgen a prompt of several words that wraps duration: 1")
    card = await phone.card("a prompt of")
    shown = card.get_by_test_id("embed").locator("img")
    await expect(shown).to_be_visible()
    scale: float = await shown.evaluate("(image) => image.clientWidth / image.naturalWidth")
    # Its times are drawn with the picture, and shrink with it.
    assert scale * picture._TEXT_SIZE >= 8.5  # pyright: ignore[reportPrivateUsage] - nobody else needs it
    await phone.button("Extend").click()
    await expect(phone.part("modal")).to_be_visible()
    assert await too_wide(phone.page) == []
    await phone.press("Escape")
    await phone.send("/tracks list")
    number = phone.messages.last.locator(".md-bullet")
    await expect(number).to_have_text("1.")
    lines = await number.evaluate("""(node) => {
      const range = document.createRange();
      range.selectNodeContents(node);
      return range.getClientRects().length;
    }""")
    assert lines == 1, "the number and its period are on one line"
