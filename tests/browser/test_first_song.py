"""From a prompt typed on the page to music that plays there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.async_api import expect

from bot.playground.discord.interactions import InteractionKind
from bot.playground.discord.messages import Interaction
from bot.playground.replicate.timings import Timings
from tests.browser.chromium import Visitor, plays
from tests.browser.conftest import Visit
from tests.journey.rig import Rig, a_rig
from tests.journey.sound import wav

pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.asyncio(loop_scope="session")]

UNHURRIED = Timings(cold_start_s=15, step_rate_per_s=10, encode_s=2, tick_s=1)
TAKE_DOWN = """(card) => {
  window.watched = { card, said: [] };
  const note = () => {
    const said = card.querySelector("[data-testid=embed-description]")?.textContent;
    if (said && said !== window.watched.said.at(-1)) window.watched.said.push(said);
  };
  note();
  new MutationObserver(note).observe(card, { subtree: true, childList: true, characterData: true });
}"""


def used(rig: Rig) -> list[Interaction]:
    """The interactions that people meant: suggestions are asked for while they type."""
    interactions = rig.discord.world.interactions.values()
    return [one for one in interactions if one.kind is not InteractionKind.AUTOCOMPLETE]


async def test_by_keyboard_alone_from_the_prompt_to_the_music(rig: Rig, ada: Visitor) -> None:
    await expect(ada.composer).to_be_focused()
    await ada.type("/mus")
    await expect(ada.part("panel-item")).to_contain_text(["/musicgen"])
    await ada.press("Tab")
    await expect(ada.option("prompt")).to_be_focused()
    await ada.type("deep house bassline 128 bpm")
    await ada.press("Tab")
    await ada.add("duration", "2", "Tab")
    await ada.add("model_version", "large", "Enter")
    await ada.add("temperature", "0.5", "Tab")
    await ada.add("seed", "77", "Enter")

    card = await ada.card()
    await expect(card.get_by_test_id("used-command")).to_contain_text("Ada used /musicgen")
    player = card.get_by_test_id("audio-player")
    await expect(player).to_contain_text("deep-house-bassline-128-bpm-77.wav")
    await ada.tab_to(card.get_by_test_id("audio-toggle"), "Shift+Tab")
    await ada.press("Space")
    await plays(card.get_by_test_id("audio"), beyond_s=0.3)
    await expect(player).to_have_attribute("data-state", "playing")
    await expect(card.get_by_test_id("audio-time")).to_contain_text("/ 0:02")
    await ada.press("Space")
    await expect(player).to_have_attribute("data-state", "paused")

    [prediction] = rig.replicate.predictions
    assert prediction.input == {
        "prompt": "deep house bassline 128 bpm",
        "model_version": "large",
        "duration": 2,
        "temperature": 0.5,
        "seed": 77,
    }


async def test_progress_comes_into_the_same_message_without_reload(
    tmp_path: Path, visit: Visit
) -> None:
    async with a_rig(tmp_path, timings=UNHURRIED) as rig:
        ada = await visit(rig.discord.base_url)
        await ada.send("/musicgen slow tango duration: 2")
        card = await ada.card()
        await card.evaluate(TAKE_DOWN)
        await expect(ada.button("Cancel")).to_be_visible()
        await expect(card.get_by_test_id("audio-player")).to_be_visible()
        await expect(ada.button("Cancel")).to_have_count(0)
        await expect(ada.messages).to_have_count(1)
        same: bool
        said: list[str]
        same, said = await card.evaluate(
            "(card) => [window.watched.card === card, window.watched.said]"
        )
        assert same
        told = "\n".join(said)
        assert "Starting the model" in told
        percents = [int(number) for number in re.findall(r"(\d+)%", told)]
        assert len(set(percents)) >= 3, told
        assert percents == sorted(percents)
        assert told.index("Starting") < told.index("Generating ▰") < told.rindex("so far")
        await expect(ada.part("announcer")).to_contain_text("MusicGen: slow-tango-")


async def test_the_download_is_the_file_that_was_sent(rig: Rig, ada: Visitor) -> None:
    await ada.send("/musicgen lo-fi piano duration: 1 seed: 5")
    card = await ada.card()
    name, data = await ada.download(card.get_by_test_id("audio-download"))
    assert name == "lo-fi-piano-5.wav"
    [message] = rig.public_messages()
    assert data == message.attachments[0].data


async def test_a_file_from_the_disk_is_continued(rig: Rig, ada: Visitor) -> None:
    take = wav(1.0)
    await ada.type("/musicgen and on it goes duration: 2 continuation: true")
    await expect(ada.part("panel-item")).to_contain_text(["True"])
    await ada.press("Enter")
    await ada.add("output_format", "mp3", "Enter")
    await ada.add("input_audio", "")
    await ada.choose_file(ada.option("input_audio"), "my take.wav", take, "audio/wav")
    await expect(ada.option("input_audio")).to_contain_text("my take.wav")
    await expect(ada.option("input_audio")).to_be_focused()
    await ada.part("send").click()

    card = await ada.card()
    await card.get_by_test_id("audio-toggle").click()
    await plays(card.get_by_test_id("audio"), beyond_s=0.2)
    await expect(card.get_by_test_id("audio-player")).to_contain_text(".mp3")
    await expect(card).to_contain_text("input audio my_take.wav")
    assert [file.data for file in rig.discord.world.uploads.values()] == [take]
    assert rig.replicate.files == 1


async def test_what_discord_would_refuse_is_not_even_sent(rig: Rig, ada: Visitor) -> None:
    error = ada.part("option-error")
    await ada.type("/musicgen ")
    await ada.press("Enter")
    await expect(error).to_have_text("This option is required. Specify a value.")
    await expect(ada.option("prompt")).to_be_focused()
    await ada.type("gong duration: 31")
    await expect(error).to_have_count(0)
    await ada.press("Enter")
    await expect(error).to_have_text("Must be less than or equal to 30.")
    await expect(ada.option("duration")).to_be_focused()
    await ada.press("Control+a")
    await ada.type("1 model_version: huge")
    await ada.press("Enter")
    await expect(error).to_have_text("Input a valid choice.")
    assert not used(rig)

    await ada.press("Control+a")
    await ada.type("small")
    await ada.press("Enter", "Enter")
    await expect((await ada.card()).get_by_test_id("audio-player")).to_be_visible()
    assert len(used(rig)) == 1


async def test_a_prompt_is_text_and_never_markup(rig: Rig, ada: Visitor) -> None:
    prompt = "<img src=x onerror=alert(1)>"
    await ada.send(f"/musicgen {prompt} duration: 1")
    card = await ada.card()
    await expect(card.get_by_test_id("embed-title")).to_have_text(prompt)
    await expect(card.get_by_test_id("audio-player")).to_be_visible()
    words = f"{prompt} <script>alert(2)</script> [song](javascript:alert(3)) ||<b>x</b>||"
    await rig.bo.post(rig.discord.world.jam, words)
    await expect(ada.said).to_contain_text(f"{prompt} <script>alert(2)</script>")
    forbidden = "img[src=x], script, b, [onerror], a[href^=javascript]"
    await expect(ada.part("messages").locator(forbidden)).to_have_count(0)


async def test_who_mentions_the_bot_is_led_to_the_command(rig: Rig, ada: Visitor) -> None:
    await ada.send("hi @MusicGen!")
    answer = ada.messages.filter(has=ada.part("command-mention")).last
    await expect(answer).to_contain_text("Hi! Use /musicgen to say what you'd like to hear")
    asked = rig.discord.world.channel_messages(rig.discord.world.jam)[0]
    assert asked.content == f"hi <@{rig.discord.world.bot.id}>!"
    await answer.get_by_test_id("command-mention").first.click()
    await expect(ada.option("prompt")).to_be_focused()
    await ada.type("gong duration: 1")
    await ada.press("Enter")
    await expect((await ada.card("gong")).get_by_test_id("audio-player")).to_be_visible()
