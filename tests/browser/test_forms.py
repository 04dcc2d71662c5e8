"""Modals and autocomplete on the page: what a bot offers, and what it gets back."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from bot.playground.discord import DiscordStandIn
from tests.browser.chromium import Visitor, too_wide
from tests.browser.conftest import Visit
from tests.journey.rig import Rig

pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.asyncio(loop_scope="session")]


async def test_suggestions_come_from_the_bot_while_typing(
    showcase: DiscordStandIn, guest: Visitor
) -> None:
    await guest.type("/mix ")
    suggestions = guest.part("panel-item")
    await expect(suggestions).to_have_text(["deep house", "house of cards", "slow tango"])
    await guest.type("house")
    await expect(suggestions).to_have_text(["deep house", "house of cards"])
    await guest.press("ArrowDown", "ArrowDown", "Enter")
    await expect(guest.option("style")).to_have_value("house of cards")
    await guest.add("loud", "tr", "Enter")
    await guest.add("by", "bo", "Enter", "Enter")
    await expect(guest.said).to_have_text("style=style-2 loud=True by=bo")
    await guest.send("/mix words of my own")
    await expect(guest.said).to_have_text("style=words of my own loud=False by=nobody")


async def test_a_modal_by_keyboard(guest: Visitor) -> None:
    await guest.send("/sheet ")
    modal = guest.part("modal")
    await expect(modal).to_contain_text("Edit and make again")
    await expect(modal).to_contain_text("Change what you like.")
    prompt = modal.locator("textarea")
    await expect(prompt).to_be_focused()
    await expect(prompt).to_have_value("deep house")
    await guest.press("Control+a")
    await guest.type("ab")
    await guest.press("Tab", "Enter")
    await expect(modal.get_by_test_id("field-error").first).to_have_text(
        "Must be 3 or more in length."
    )
    await expect(prompt).to_be_focused()
    await guest.press("Control+a")
    await guest.type("<b>bells</b>")
    await guest.tab_to(modal.get_by_test_id("select"))
    await guest.press("ArrowDown")
    await expect(guest.part("select-option").first).to_be_focused()
    await guest.press("ArrowDown", "Enter")
    await expect(modal.get_by_test_id("select")).to_have_text("Melody")
    await guest.tab_to(modal.locator("input[type=text]"), "Shift+Tab")
    await guest.press("Enter")
    await expect(modal).to_have_count(0)
    await expect(guest.said).to_contain_text("'<b>bells</b>' '' ['m']")
    await expect(guest.part("ephemeral-note")).to_be_visible()
    await expect(guest.composer).to_be_focused()


async def test_a_modal_with_the_newer_fields(showcase: DiscordStandIn, visit: Visit) -> None:
    phone = await visit(showcase.base_url, phone=True)
    await phone.send("/extras ")
    modal = phone.part("modal")
    await modal.get_by_test_id("dialog-submit").tap()
    errors = modal.get_by_test_id("field-error").filter(visible=True)
    await expect(errors).to_have_text(["This field is required."] * 4)
    assert await too_wide(phone.page) == []
    await modal.get_by_text("16 s").tap()
    await modal.get_by_text("drums").tap()
    await modal.get_by_text("sax").tap()
    await modal.get_by_text("Yes").tap()
    await modal.get_by_test_id("select").tap()
    await phone.part("select-option").filter(has_text="Bo").tap()
    drop = modal.locator(".field-drop")
    await phone.choose_file(drop, "one.wav", b"RIFF", "audio/wav")
    await phone.choose_file(drop, "two.wav", b"RIFF+", "audio/wav")
    await expect(modal).to_contain_text("one.wav · 4 bytes")
    await modal.get_by_test_id("dialog-submit").tap()
    await expect(modal).to_have_count(0)
    await expect(phone.said).to_have_text("16 ['drums', 'sax'] True ['bo'] [4, 5]")


async def test_who_turns_away_while_a_form_closes_presses_nothing(
    showcase: DiscordStandIn, guest: Visitor
) -> None:
    """The browser tells only later that it has closed, when the focus may be elsewhere."""
    await guest.send("/card ")
    await guest.button("Extend").click()
    modal = guest.part("modal")
    await expect(modal).to_be_visible()
    await guest.page.evaluate(
        """() => new Promise((done) => {
          const dialog = document.querySelector("dialog");
          dialog.addEventListener("close", () => setTimeout(done));
          dialog.close();
          document.getElementById("composer-text").focus();
        })"""
    )
    await expect(modal).to_have_count(0)
    await expect(guest.composer).to_be_focused()


async def test_leaving_a_modal_sends_nothing(showcase: DiscordStandIn, guest: Visitor) -> None:
    await guest.send("/card ")
    await guest.button("Extend").click()
    modal = guest.part("modal")
    await expect(modal.get_by_test_id("field")).to_contain_text("Seconds")
    await guest.press("Escape")
    await expect(modal).to_have_count(0)
    await expect(guest.button("Extend")).to_be_focused()
    asked = len(showcase.world.interactions)
    await guest.press("Enter")
    await expect(modal).to_be_visible()
    await guest.type("12")
    await guest.press("Enter")
    await expect(guest.said).to_have_text("12 s more")
    assert len(showcase.world.interactions) == asked + 2
    await expect(modal).to_have_count(0)


async def test_message_commands_by_pointer_and_by_keyboard(
    showcase: DiscordStandIn, guest: Visitor
) -> None:
    await showcase.actor("bo").post(showcase.world.jam, "my riff")
    await guest.messages.first.click(button="right", position={"x": 300, "y": 8})
    await guest.page.get_by_role("menuitem", name="Who wrote this").click()
    await expect(guest.said).to_contain_text("It was bo.")

    await guest.messages.first.get_by_test_id("message-more").focus()
    await guest.press("Enter")
    await expect(guest.part("message-menu")).to_be_visible()
    await guest.tab_to(guest.page.get_by_role("menuitem", name="Extend this"), "ArrowDown")
    await guest.press("Enter")
    await expect(guest.part("modal")).to_be_visible()
    await guest.type("9")
    await guest.press("Enter")
    await expect(guest.said).to_have_text("9 s more")


async def test_subcommands_are_found_by_their_whole_name(guest: Visitor) -> None:
    await guest.type("/tr")
    await expect(guest.part("panel-item")).to_contain_text(["/tracks import", "/tracks list"])
    await guest.press("ArrowDown", "Enter")
    await guest.add("search", "house", "Enter")
    await expect(guest.said).to_have_text("none for house")

    await guest.type("/tracks import ")
    await guest.choose_file(guest.option("tune"), "a tune.wav", b"RIFF", "audio/wav")
    await guest.part("send").click()
    await expect(guest.said).to_have_text("4 bytes of a_tune.wav")


async def test_what_only_the_playground_can_refuse_is_said_at_the_command(
    showcase: DiscordStandIn, guest: Visitor
) -> None:
    await guest.type("/tracks import ")
    heavy = bytes(showcase.world.rules.file_limit_bytes + 1)
    await guest.choose_file(guest.option("tune"), "heavy.wav", heavy, "audio/wav")
    await guest.part("send").click()
    await expect(guest.part("option-error")).to_contain_text("Your files are too powerful.")
    await expect(guest.part("command-form")).to_be_visible()
    await expect(guest.messages).to_have_count(0)
    guest.forgive("400", times=1)


async def test_escape_leaves_a_command_as_text_and_enter_brings_it_back(
    rig: Rig, ada: Visitor
) -> None:
    await ada.type("/musicgen church bells duration: 2")
    await ada.press("Escape")
    await expect(ada.part("command-form")).to_have_count(0)
    await expect(ada.composer).to_have_value("/musicgen prompt: church bells duration: 2")
    await ada.press("Enter")
    await expect(ada.option("prompt")).to_have_value("church bells")
    await expect(ada.option("duration")).to_have_value("2")
    assert not rig.public_messages()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("/musicgen tempo: 120 prompt: bells", "“tempo: 120” fits no option of /musicgen."),
        ("/musicgen prompt: bells duration: soon", "Input a valid integer. “soon” is none."),
        ("/musicgen prompt: bells duration: 8 tempo: 9", "“8 tempo: 9” is none."),
    ],
)
async def test_what_fits_no_option_is_said(ada: Visitor, line: str, said: str) -> None:
    await ada.composer.fill(line)
    if "tempo: 120" not in line:
        await ada.press("Enter")
    problem = ada.part("composer-problem").or_(ada.part("option-error")).filter(visible=True)
    await expect(problem).to_contain_text(said)
    await expect(ada.option("prompt")).to_have_value("bells")


async def test_a_pasted_line_begins_with_what_is_required(ada: Visitor) -> None:
    await ada.composer.fill("/musicgen church bells duration: 3")
    await expect(ada.option("prompt")).to_have_value("church bells")
    await expect(ada.option("duration")).to_have_value("3")
