"""A finished card on the page: everyone makes the next piece of music from it."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.browser.chromium import Visitor
from tests.browser.conftest import Visit
from tests.journey.rig import Rig
from tests.journey.sound import wav

pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.asyncio(loop_scope="session")]


async def test_somebody_elses_card_is_extended_through_its_form(
    rig: Rig, ada: Visitor, visit: Visit
) -> None:
    bo = await visit(rig.discord.base_url, "bo")
    await ada.send("/musicgen lofi piano duration: 3")
    theirs = await bo.card("lofi piano")
    picture = theirs.get_by_test_id("embed-image")
    await expect(picture).to_be_visible()
    await theirs.get_by_test_id("button").filter(has_text="Extend").click()
    await bo.part("field-input").first.fill("4")
    await bo.part("dialog-submit").click()
    extended = ada.messages.filter(has_text="s of it new")
    await expect(extended.get_by_test_id("audio-time")).to_contain_text("/ 0:07")
    await expect(extended).to_contain_text("7 s, 4 s of it new")
    assert rig.replicate.predictions[-1].input["duration"] == 7


async def test_three_variations_share_one_card(rig: Rig, ada: Visitor) -> None:
    await ada.send("/musicgen drum loop duration: 1")
    card = await ada.card("drum loop")
    await card.get_by_test_id("button").filter(has_text="Variations").click()
    varied = ada.messages.filter(has_text="Take 3")
    await expect(varied.get_by_test_id("audio-player")).to_have_count(3)
    await expect(ada.messages).to_have_count(2)
    assert len(rig.replicate.predictions) == 4


async def test_anybodys_audio_becomes_a_melody_by_the_apps_menu(rig: Rig, ada: Visitor) -> None:
    await ada.choose_file(ada.part("attach"), "hum.wav", wav(3.0), "audio/wav")
    await ada.press("Enter")
    message = ada.messages.last
    await expect(message.get_by_test_id("audio-player")).to_be_visible()
    await message.hover()
    await message.get_by_test_id("message-more").click()
    await ada.part("app-command").filter(has_text="Use as melody").click()
    await ada.part("field-input").first.fill("brass band")
    await ada.part("dialog-submit").click()
    await expect((await ada.card("brass band")).get_by_test_id("audio-player")).to_be_visible()
    assert "input_audio" in rig.replicate.predictions[-1].input


async def test_own_tracks_are_found_again(rig: Rig, ada: Visitor) -> None:
    await ada.send("/musicgen harp and flute duration: 1")
    card = await ada.card("harp and flute")
    await expect(card.get_by_test_id("audio-player")).to_be_visible()
    await ada.send("/tracks list")
    listed = ada.messages.filter(has=ada.page.get_by_test_id("ephemeral-note"))
    await expect(listed).to_contain_text("harp and flute")
    assert len(rig.replicate.predictions) == 1
