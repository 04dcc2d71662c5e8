"""The way from one track to the next: extensions, melodies, batches."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.derive import extension, melody, remake
from bot.domain.errors import (
    AlreadyHere,
    AudioPromptTooLong,
    AudioUnavailable,
    OutputExpired,
    PieceTooLong,
    PredictionFailed,
    TooLateToCancel,
)
from bot.domain.extension import PIECE_MAX_S
from bot.domain.generation import AudioSource, Generation, Relation, State
from bot.domain.inputs import Inputs
from bot.domain.prediction import Prediction
from bot.domain.progress import Stage
from bot.domain.request import GenerationRequest
from bot.engine.ports import Unreachable
from bot.engine.track_files import Form
from tests.fakes import (
    NOON,
    SUCCEEDS,
    FakePredictions,
    FakeSound,
    a_generation,
    a_reply,
    step,
)
from tests.unit.service_kit import Rig, a_rig

CARD = AudioSource("https://cdn.discordapp.com/card.wav?hm=secret", "card.wav", True)
LOFI = a_generation(inputs=Inputs("lofi", model_version="large", seed=3))
EXTEND = extension(LOFI, CARD, 10)
VARIATION = remake(LOFI, Relation.VARIATION, now=NOON)


async def end_of(rig: Rig, request: GenerationRequest) -> Generation:
    generation = await rig.submit(request)
    await rig.service.idle()
    return rig.journal.rows[generation.id]


# ------------------------------------------------------------------ extensions


async def test_the_model_gets_the_end_of_the_piece_and_the_card_the_whole() -> None:
    rig = a_rig(sound=FakeSound(duration_s=20.5, track_s=30.5))
    made = await end_of(rig, EXTEND)
    assert made.state is State.DELIVERED
    [sent] = rig.predictions.created
    assert sent.continuation is True
    assert (sent.duration, sent.continuation_start, sent.continuation_end) == (25, None, None)
    assert rig.sound.cut == [(f"{made.id}.context.wav", 15)]
    assert rig.predictions.uploaded == ["input.wav"]
    assert rig.sound.joined == [(f"{made.id}.piece", f"{made.id}.output.wav", 15)]
    assert (made.given_s, made.track_s, made.audio_s) == (20.5, 30.5, 15)
    left = {f"{made.id}{end}" for end in (".piece", ".context.wav", ".output.wav", ".wav")}
    assert left <= set(rig.sound.discarded), "nothing stays on disk"
    paths = [row.piece_path for row in rig.journal.history if row.state is State.ACCEPTED]
    assert paths[-1] == f"tracks/{made.id}.piece", "journalled before anything is put there"


async def test_only_the_beginning_of_a_source_may_be_meant() -> None:
    rig = a_rig(sound=FakeSound(duration_s=18.0))
    parent = replace(LOFI, more_s=10, given_s=8.0)
    request = remake(parent, Relation.AGAIN, now=NOON, card_audio=CARD)
    made = await end_of(rig, request)
    assert made.given_s == 8.0
    assert rig.predictions.created[0].duration == 18


async def test_progress_counts_without_the_context() -> None:
    """18 s with 8 s of context: the logs count to 500 of 900."""
    half = Prediction("p1", "processing", logs=step(250, 900))
    rig = a_rig(FakePredictions(answers=(half, SUCCEEDS[-1])), FakeSound(duration_s=8.0))
    await end_of(rig, EXTEND)
    assert (Stage.GENERATING, 0.5) in [(p.stage, p.fraction) for _, p in rig.delivery.shown]


async def test_a_piece_may_be_too_long() -> None:
    rig = a_rig(sound=FakeSound(duration_s=PIECE_MAX_S + 1.0))
    made = await end_of(rig, EXTEND)
    assert isinstance(made.failure, PieceTooLong)
    assert rig.predictions.created == []
    assert f"{made.id}.piece" in rig.sound.discarded


@pytest.mark.parametrize("kept", [True, False])
async def test_a_piece_that_is_kept_is_not_fetched_again(kept: bool) -> None:
    """The process died after it had taken the piece in; its address is dead by now."""
    generation = a_generation(
        inputs=EXTEND.inputs, source=CARD, more_s=10, piece_path="tracks/abcdefghijkl.piece"
    )
    rig = a_rig(sound=FakeSound(refusal=AudioUnavailable(404)))
    if kept:
        rig.sound.kept["abcdefghijkl.piece"] = 8.0
    await rig.journal.add_earlier(replace(generation, inputs=replace(generation.inputs, seed=7)))
    await rig.service.adopt()
    await rig.service.idle()
    made = rig.journal.rows[generation.id]
    assert made.state is (State.DELIVERED if kept else State.FAILED)


COLLECTING = a_generation(
    inputs=replace(EXTEND.inputs, duration=18, seed=7, input_audio="https://files/x"),
    source=CARD,
    more_s=10,
    given_s=8.0,
    audio_s=8.0,
    piece_path="tracks/abcdefghijkl.piece",
    state=State.COLLECTING,
    prediction_id="p1",
)


@pytest.mark.parametrize(
    ("sound", "form"),
    [
        (FakeSound(duration_s=8.0), Form.WHOLE),
        (FakeSound(duration_s=9.0), Form.ALONE),
        (FakeSound(refusal=AudioUnavailable(404)), Form.ALONE),
    ],
    ids=["there again", "another one", "gone"],
)
async def test_a_piece_lost_from_disk(sound: FakeSound, form: Form) -> None:
    """What is new is paid for: it goes out alone."""
    rig = a_rig(FakePredictions(answers=SUCCEEDS[-1:]), sound)
    await rig.journal.add_earlier(COLLECTING)
    await rig.service.adopt()
    await rig.service.idle()
    made = rig.journal.rows[COLLECTING.id]
    assert made.state is State.DELIVERED
    assert Form.of(Path(made.track_path or "")) is form
    assert len(sound.joined) == (form is Form.WHOLE)


async def test_a_track_lost_from_disk_is_joined_again() -> None:
    rig = a_rig(sound=FakeSound(duration_s=8.0))
    rig.delivery.on_deliver.append(FileNotFoundError())
    assert (await end_of(rig, EXTEND)).state is State.DELIVERED
    assert len(rig.sound.joined) == 2


# ------------------------------------------------------------------ melodies


@pytest.mark.parametrize(("audio_s", "cut"), [(30.0, False), (31.0, True)])
async def test_of_a_melody_the_model_gets_what_it_listens_to(audio_s: float, cut: bool) -> None:
    rig = a_rig(sound=FakeSound(duration_s=audio_s))
    made = await end_of(rig, melody(None, CARD, "strings"))
    assert made.relation is Relation.MELODY
    assert made.audio_s == 30.0
    assert rig.sound.cut == ([(f"{made.id}.input.wav", 30)] if cut else [])
    assert made.stored_at is not None


@pytest.mark.parametrize(
    "inputs", [Inputs("x", continuation_start=20), Inputs("x", continuation_end=40)]
)
async def test_a_chosen_part_is_not_cut_off(inputs: Inputs) -> None:
    rig = a_rig(sound=FakeSound(duration_s=60.0))
    made = await end_of(rig, GenerationRequest(inputs, CARD))
    assert made.state is State.DELIVERED
    assert rig.sound.cut == []


@pytest.mark.parametrize(
    ("inputs", "used_s"),
    [
        (Inputs("x"), 20.0),
        (Inputs("x", continuation_start=5), 20.0),
        (Inputs("x", continuation=True, duration=30, continuation_end=12), 12.0),
    ],
)
async def test_of_what_does_not_read_cleanly_what_is_needed_is_decoded(
    inputs: Inputs, used_s: float
) -> None:
    rig = a_rig(sound=FakeSound(duration_s=20.0, reads_cleanly=False))
    made = await end_of(rig, GenerationRequest(inputs, CARD))
    assert made.state is State.DELIVERED
    assert rig.sound.cut == [(f"{made.id}.input.wav", used_s)]


async def test_nothing_is_decoded_that_is_refused_then() -> None:
    rig = a_rig(sound=FakeSound(duration_s=3000.0, reads_cleanly=False))
    request = GenerationRequest(Inputs("x", continuation=True, duration=8), CARD)
    made = await end_of(rig, request)
    assert isinstance(made.failure, AudioPromptTooLong)
    assert rig.sound.cut == []


async def test_stored_audio_is_sent_as_it_is_and_still_checked() -> None:
    inputs = Inputs("on", continuation=True, input_audio="https://files/x")
    rig = a_rig(sound=FakeSound(refusal=AudioUnavailable(404)))
    request = GenerationRequest(inputs, CARD, audio_s=4.0, stored_at=NOON)
    made = await end_of(rig, request)
    assert made.state is State.DELIVERED
    assert made.stored_at == NOON
    too_short = replace(request, inputs=replace(inputs, duration=4))
    assert isinstance((await end_of(rig, too_short)).failure, AudioPromptTooLong)


# ------------------------------------------------------------------ batches


async def test_takes_share_a_batch_and_nothing_else() -> None:
    rig = a_rig()
    takes = await rig.service.submit(VARIATION, 5, a_reply(), takes=3)
    assert [take.id for take in await rig.service.journal.batch(takes[0].batch_id or "")] == [
        take.id for take in takes
    ]
    await rig.service.idle()
    assert len({take.seed for take in takes}) == 3
    assert {take.relation for take in takes} == {Relation.VARIATION}
    assert len({inputs.seed for inputs in rig.predictions.created}) == 3
    assert all(rig.journal.rows[take.id].state is State.DELIVERED for take in takes)


async def test_two_takes_never_have_one_seed() -> None:
    request = replace(VARIATION, inputs=replace(VARIATION.inputs, seed=5))
    with pytest.raises(ValueError, match="same seed"):
        await a_rig().service.submit(request, 5, a_reply(), takes=2)


async def test_a_take_that_fails_leaves_the_others_alone() -> None:
    rig = a_rig()
    download, failures = rig.predictions.download, [OutputExpired()]

    async def broken(*args: object) -> None:
        if failures:
            raise failures.pop()
        await download(*args)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType] - handed on

    rig.predictions.download = broken  # type: ignore[method-assign]
    takes = await rig.service.submit(VARIATION, 5, a_reply(), takes=3)
    await rig.service.idle()
    states = sorted(rig.journal.rows[take.id].state for take in takes)
    assert states == [State.DELIVERED, State.DELIVERED, State.FAILED]


async def test_cancel_stops_every_take_that_is_open() -> None:
    rig = a_rig(FakePredictions(answers=(Prediction("p1", "processing"),)))
    takes = await rig.service.submit(VARIATION, 5, a_reply(), takes=3)
    await rig.service.cancel(takes[0].id, 7)
    await rig.service.idle()
    assert {rig.journal.rows[take.id].state for take in takes} == {State.CANCELED}
    with pytest.raises(TooLateToCancel):
        await rig.service.cancel(takes[0].id, 7)


async def test_cancel_works_while_any_take_is_open() -> None:
    """The button names the first take, which has ended already."""
    rig = a_rig(FakePredictions(answers=(Prediction("p1", "processing"),)))
    ended = a_generation(batch_id="b", state=State.FAILED, failure=PredictionFailed(""), told=True)
    await rig.journal.add_earlier(ended)
    running = a_generation(id="b" * 12, batch_id="b", created_at=NOON + timedelta(seconds=1))
    await rig.journal.add_earlier(running)
    await rig.service.adopt()
    await rig.service.cancel(ended.id, 7)
    await rig.service.idle()
    assert rig.journal.rows[running.id].state is State.CANCELED


async def test_one_click_brings_all_takes() -> None:
    rig = a_rig()
    rig.delivery.on_deliver += [Unreachable(), Unreachable(), Unreachable()]
    takes = await rig.service.submit(VARIATION, 5, a_reply(), takes=3)
    channel_id = a_reply().channel_id
    for _ in range(1000):
        await asyncio.sleep(0)
    assert not rig.delivery.on_deliver
    [one] = await rig.service.waiting_for(5, channel_id)
    fresh = replace(a_reply(), token="fresh")
    await rig.service.bring(one, fresh)
    await rig.service.idle()
    brought = {rig.journal.rows[take.id].reply for take in takes}
    assert brought == {replace(fresh, token="")}, "what is closed keeps no token"
    assert len(rig.delivery.delivered) == 3
    with pytest.raises(AlreadyHere):
        await rig.service.bring(one, fresh)


async def test_what_another_process_follows_is_brought_by_that_one() -> None:
    """The button names the first take, which has ended already."""
    rig = a_rig()
    await rig.journal.add_earlier(a_generation(batch_id="b", told=True, state=State.CANCELED))
    await rig.journal.add_earlier(a_generation(id="b" * 12, batch_id="b"))
    fresh = replace(a_reply(), token_expires_at=NOON + timedelta(hours=1))
    await rig.service.bring("abcdefghijkl", fresh)
    assert rig.journal.wanted == {"b" * 12: fresh}


# ------------------------------------------------------------------ forgetting


async def test_forgetting_takes_the_files_too() -> None:
    rig = a_rig()
    await rig.journal.add_earlier(
        a_generation(
            state=State.FAILED, told=True, track_path="tracks/a.wav", piece_path="tracks/a.piece"
        )
    )
    await rig.journal.add_earlier(a_generation(id="b" * 12))
    forgotten = await rig.service.forget(5)
    assert ([g.id for g in forgotten.removed], forgotten.kept.still_open) == (["abcdefghijkl"], 1)
    assert rig.sound.discarded == ["a.wav", "a.piece"]
    assert list(rig.journal.rows) == ["b" * 12]


def test_what_a_request_came_from_is_written_down() -> None:
    came_from = EXTEND.parent_id, EXTEND.relation, EXTEND.more_s
    assert came_from == (LOFI.id, Relation.EXTEND, 10)
