"""A card leads to the next piece of music: buttons, forms and menus over real transport."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bot.card import strings
from bot.domain import errors
from bot.domain.journal_values import Kept
from bot.playground.discord.actors import Used
from bot.playground.discord.messages import Message
from bot.playground.discord.model import Channel
from bot.playground.discord.wire import File
from tests.journey.rig import Rig, a_rig, has_track, words
from tests.journey.sound import RATE_HZ, same_samples, samples, wav

PLACES = ["jam", "dm", "foreign", "private"]
"""A server's channel, the bot's DM, a server where it is no member, a group DM."""


def place_of(rig: Rig, place: str) -> Channel:
    world = rig.discord.world
    return rig.ada.dm if place == "dm" else getattr(world, place)


async def a_card(rig: Rig, place: str = "jam", **options: object) -> Message:
    """A finished card of ada's."""
    given = {"prompt": "slow tango", "duration": 2, **options}
    used = await rig.ada.slash(place_of(rig, place), "musicgen", **given)  # pyright: ignore[reportArgumentType] - options by name
    card = await used.until(has_track)
    # What it leads on to goes by its row, which comes right after.
    await rig.bot.service.idle()
    return card


def track_in(message: Message) -> bytes:
    [track] = message.attachments
    return track.data


async def told(used: Used) -> str:
    """What was said to the one who did it, and to nobody else."""
    await used.answered()
    message = used.reply if used.ephemeral else used.followups[-1]
    assert message is not None
    assert message.ephemeral
    return message.content


async def restart(rig: Rig) -> None:
    await rig.stop()
    await rig.start()


@pytest.mark.parametrize("place", PLACES)
async def test_again_is_other_music_with_the_same_settings(rig: Rig, place: str) -> None:
    card = await a_card(rig, place)
    again = await (await rig.ada.click(card, "Again")).until(has_track)
    assert again.reference is card
    assert len(samples(track_in(again))) == 2 * RATE_HZ
    assert not same_samples(track_in(again), track_in(card))


async def test_edit_makes_nothing_twice(rig: Rig) -> None:
    card = await a_card(rig, seed=7)
    opened = await rig.bo.click(card, "Edit")
    fields = {"prompt": "slow tango", "duration": "2", "model": ["melody"], "seed": ["same"]}
    told = (await (await rig.bo.submit_modal(opened, fields)).answered()).reply
    assert told is not None
    assert "make the same track" in told.content
    other = await (await rig.bo.click(told, "New seed")).until(has_track)
    assert not same_samples(track_in(other), track_in(card))
    assert "name='Edited'" in str(other.embeds)


@pytest.mark.parametrize("place", PLACES)
async def test_an_extended_track_is_the_whole_piece(rig: Rig, place: str) -> None:
    card = await a_card(rig, place)
    opened = await rig.ada.click(card, "Extend")
    sent = await rig.ada.submit_modal(opened, {"more": "3", "prompt": "with drums"})
    longer = await sent.until(has_track)
    assert longer.reference is card
    old, new = samples(track_in(card)), samples(track_in(longer))
    assert len(new) == 5 * RATE_HZ
    # But for the fade at the seam, what was there is there as it was.
    untouched = RATE_HZ * 3 // 2
    assert np.array_equal(new[:untouched], old[:untouched])
    assert "Extended from “slow tango”" in str(longer.embeds)


async def test_an_extended_track_is_extended_again_after_a_restart(tmp_path: Path) -> None:
    async with a_rig(tmp_path) as rig:
        card = await a_card(rig)
        opened = await rig.ada.click(card, "Extend")
        longer = await (await rig.ada.submit_modal(opened, {"more": "2"})).until(has_track)
        opened = await (await rig.bo.click(longer, "Extend")).answered()
        await restart(rig)
        whole = await (await rig.bo.submit_modal(opened, {"more": "2"})).until(has_track)
        assert len(samples(track_in(whole))) == 6 * RATE_HZ
        info = await (await rig.mod.click(whole, "Info")).answered()
        assert info.reply is not None
        chain = words(info.reply).partition("Where it came from: ")[2]
        assert chain.count("Extended from: [slow tango](") == 2
        assert f"/{longer.id}) by <@{rig.ada.user.id}>" in chain
        assert f"/{card.id}) by <@{rig.ada.user.id}>" in chain


async def test_variations_are_three_different_tracks_on_one_card(rig: Rig) -> None:
    card = await a_card(rig, seed=7)
    varied = await (await rig.bo.click(card, "Variations")).until(
        lambda message: len(message.attachments) == 3
    )
    tracks = [track_in(card), *(file.data for file in varied.attachments)]
    assert len({samples(track).tobytes() for track in tracks}) == 4
    assert all(len(samples(track)) == 2 * RATE_HZ for track in tracks)


async def test_a_chosen_take_is_extended(rig: Rig) -> None:
    card = await a_card(rig)
    varied = await (await rig.bo.click(card, "Variations")).until(
        lambda message: len(message.attachments) == 3 and "· took " in words(message)
    )
    opened = await (await rig.bo.click(varied, "Extend")).answered()
    assert opened.modal is not None
    [pick] = [field for field in opened.modal.fields() if field.custom_id == "pick"]
    assert pick.type == 3
    value, label = pick.options[2].value, pick.options[2].label  # pyright: ignore[reportAttributeAccessIssue] - a select with options
    sent = await rig.bo.submit_modal(opened, {"pick": [value], "more": "1"})
    longer = await sent.until(has_track)
    [take] = [f for f in varied.attachments if label.rpartition(" ")[2] in f.filename]
    assert np.array_equal(samples(track_in(longer))[:RATE_HZ], samples(take.data)[:RATE_HZ])


@pytest.mark.parametrize("place", PLACES)
async def test_melody_leads_to_new_music(rig: Rig, place: str) -> None:
    card = await a_card(rig, place)
    opened = await rig.ada.click(card, "Melody")
    other = await (await rig.ada.submit_modal(opened, {"prompt": "string quartet"})).until(
        has_track
    )
    assert len(samples(track_in(other))) == 2 * RATE_HZ
    assert not same_samples(track_in(other), track_in(card))
    assert "On the melody of “slow tango”" in str(other.embeds)
    given = rig.replicate.predictions[-1].input
    assert str(given["input_audio"]).startswith(f"{rig.replicate.base_url}/v1/files/")


# ------------------------------------------------------------------ any message with audio


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("menu", [strings.commands.MENU_EXTEND(), strings.commands.MENU_MELODY()])
async def test_audio_that_a_person_posted(rig: Rig, place: str, menu: str) -> None:
    channel = place_of(rig, place)
    files = [File("take one.wav", wav(2.0)), File("take two.wav", wav(3.0))]
    message = await rig.ada.post(channel, "which is better?", files)
    opened = await (await rig.ada.message_command(message, menu)).answered()
    two = str(message.attachments[1].id)
    sent = await rig.ada.submit_modal(
        opened,
        {"pick": [two], "prompt": "drums", "more": "2"}
        if menu == strings.commands.MENU_EXTEND()
        else {"pick": [two], "prompt": "drums"},
    )
    made = samples(track_in(await sent.until(has_track)))
    if menu == strings.commands.MENU_EXTEND():
        assert len(made) == 5 * RATE_HZ


async def test_a_form_outlives_the_bot_where_it_can_look_again(tmp_path: Path) -> None:
    async with a_rig(tmp_path) as rig:
        forms: list[Used] = []
        for place in ("jam", "foreign"):
            message = await rig.ada.post(place_of(rig, place), "", [File("riff.wav", wav(2.0))])
            opened = await rig.ada.message_command(message, strings.commands.MENU_EXTEND())
            forms.append(await opened.answered())
        await restart(rig)
        here, there = [
            await rig.ada.submit_modal(form, {"prompt": "drums", "more": "1"}) for form in forms
        ]
        assert len(samples(track_in(await here.until(has_track)))) == 3 * RATE_HZ
        assert await told(there) == strings.errors.sentence(errors.NoAudioHere())


# ------------------------------------------------------------------ cards that go away


@pytest.mark.parametrize("place", PLACES)
async def test_delete(rig: Rig, place: str) -> None:
    card = await a_card(rig, place)
    pressed = await (await rig.ada.click(card, "Delete")).answered()
    [question] = await rig.discord.world.until(lambda _: pressed.followups)
    assert question.content == strings.card.DELETE_ASK()
    confirmed = await rig.ada.click(question, strings.card.DELETE_YES())
    await rig.discord.world.until(lambda _: question.content == strings.card.DELETED())
    assert card.deleted
    assert confirmed.stage.value == "answered"


async def test_a_form_of_a_card_that_was_deleted_meanwhile(rig: Rig) -> None:
    card = await a_card(rig)
    forms = [await (await rig.bo.click(card, label)).answered() for label in ("Extend", "Melody")]
    await rig.mod.delete(card)
    for form in forms:
        sent = await rig.bo.submit_modal(form, {"prompt": "drums"})
        await sent.answered()
        # The file may outlive its message for a while; without it, the sentence says so.
        assert await sent.until(lambda message: has_track(message) or "audio" in words(message))


async def test_two_people_press_everything_at_once(rig: Rig) -> None:
    card = await a_card(rig)
    presses = [
        await who.click(card, label)
        for label in ("Again", "Extend", "Melody", "Edit", "Info")
        for who in (rig.bo, rig.mod)
    ]
    for press in presses:
        await press.answered()
    for press in presses[:2]:
        await press.until(has_track)
    assert len(rig.replicate.predictions) == 3


# ------------------------------------------------------------------ /tracks, suggestions


async def test_a_track_comes_up_elsewhere_bit_by_bit(rig: Rig) -> None:
    card = await a_card(rig)
    await restart(rig)
    listed = await (await rig.ada.slash(rig.ada.dm, "tracks list", words="tango")).answered()
    assert listed.ephemeral
    assert listed.reply is not None
    [select, _] = [item for item in listed.reply.body.items if item.type == 3]
    [option] = select.options  # pyright: ignore[reportAttributeAccessIssue] - a select with options
    chosen = await rig.ada.choose(listed.reply, str(select.custom_id), option.value)
    shown = await chosen.until(has_track)
    assert shown.channel is rig.ada.dm
    assert track_in(shown) == track_in(card)
    assert "attachment://waveform.png" in str(shown.embeds), "with its picture"
    longer = await (await rig.ada.click(shown, "Extend")).answered()
    assert longer.modal is not None


async def test_forget(rig: Rig) -> None:
    card = await a_card(rig)
    asked = await (await rig.ada.slash(rig.discord.world.jam, "tracks forget")).answered()
    assert asked.reply is not None
    pressed = await rig.ada.click(asked.reply, strings.tracks.FORGET_YES())
    await pressed.answered()
    await asked.until(lambda message: message.content == strings.tracks.forgotten(Kept(1)))
    assert await told(await rig.bo.click(card, "Again")) == strings.errors.sentence(
        errors.GenerationUnknown()
    )
    assert not card.deleted


async def test_ones_own_prompts_are_suggested(rig: Rig) -> None:
    await a_card(rig)
    found = await rig.ada.autocomplete(rig.discord.world.jam, "musicgen", "prompt", prompt="tango")
    assert found[0] == ("slow tango", "slow tango")
    assert len(found) > 1
    others = await rig.bo.autocomplete(rig.discord.world.jam, "musicgen", "prompt", prompt="slow t")
    assert "slow tango" not in dict(others)


async def test_a_track_that_is_too_large_elsewhere_comes_up_smaller(rig: Rig) -> None:
    await a_card(rig)
    world = rig.discord.world
    world.rules = replace(world.rules, file_limit_bytes=60_000)
    listed = await (await rig.ada.slash(world.jam, "tracks list")).answered()
    assert listed.reply is not None
    [select, _] = [item for item in listed.reply.body.items if item.type == 3]
    [option] = select.options  # pyright: ignore[reportAttributeAccessIssue] - a select with options
    chosen = await rig.ada.choose(listed.reply, str(select.custom_id), option.value)
    [track] = (await chosen.until(has_track)).attachments
    assert track.filename.endswith((".flac", ".mp3"))
    assert len(track.data) <= 60_000


async def test_a_stranger_in_a_group_cannot_delete(rig: Rig) -> None:
    card = await a_card(rig, "private")
    [stranger] = [who for who in (rig.bo, rig.mod) if who.user in card.channel.people][:1]
    assert await told(await stranger.click(card, "Delete")) == strings.errors.sentence(
        errors.NotYours(rig.ada.user.id)
    )
