"""What the journal does not keep: dead tokens, others' uploads, and who has been forgotten."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.domain.derive import Changes, extension, melody, remake
from bot.domain.errors import AudioAddressBad, SubmitUncertain
from bot.domain.extension import Closeness
from bot.domain.generation import AudioSource, Generation, Relation, Reply, State
from bot.domain.inputs import Inputs
from bot.domain.measures import Joint, Measures, Tempo
from bot.domain.musical_terms import MusicalTerms
from bot.domain.request import GenerationRequest
from bot.engine.acceptance import accepted
from bot.engine.config import EngineConfig
from bot.journal import async_url
from bot.journal.database import create_engine
from tests.contract.journal_kit import NOW, OpenJournal, a_generation, execute, scalars, told_apart
from tests.fakes import WITH_LOFI

ADA, BO = 700_100_200_300_400_501, 800_200_300_400_500_602
"""As long as Discord's: no time or random id holds one by chance."""
UPLOAD = AudioSource("https://cdn.example/zebra-signed?hm=1", "zebra-demo.wav", True, 9)
CARD = AudioSource("https://cdn.example/card-signed?hm=1", "zebraphone-7.wav", True, 9)
STORED = "https://api.example/v1/files/zebra-copy"
CONFIG = EngineConfig(WITH_LOFI, 1500, Path("tracks"))
LATER = NOW + timedelta(hours=1)

Cell = tuple[str, str, str, object]
"""A table, a row's key, a column, and what it holds."""


async def cells(url: str) -> list[Cell]:
    """Everything that the database holds, whatever tables and columns it has."""
    engine = create_engine(async_url(url))
    async with engine.connect() as connection:
        found = await connection.run_sync(_read)
    await engine.dispose()
    return found


def _read(connection: sa.Connection) -> list[Cell]:
    tables = sa.MetaData()
    tables.reflect(connection)
    found: list[Cell] = []
    for table in tables.sorted_tables:
        [key, *_] = table.columns
        for row in connection.execute(sa.select(table)).mappings():
            found += [(table.name, str(row[key]), one.name, row[one]) for one in table.columns]
    return found


def holding(found: list[Cell], needle: object) -> set[tuple[str, str]]:
    """The tables and columns that mention it."""
    return {(table, column) for table, _, column, value in found if str(needle) in str(value)}


def ended(generation: Generation, **changes: object) -> Generation:
    """It has run, and its person knows."""
    audio = None
    if generation.has_audio:
        audio = generation.inputs.input_audio or f"https://api.example/v1/files/{generation.id}"
    inputs = replace(generation.inputs, input_audio=audio)
    changes = {"state": State.DELIVERED, "told": True, "inputs": inputs, **changes}
    return replace(generation, stored_at=NOW if audio else None, audio_s=4.0, **changes)  # pyright: ignore[reportArgumentType] - fields by name


def asked(request: GenerationRequest, requester_id: int, reply: Reply) -> Generation:
    [generation] = accepted(request, requester_id, reply, CONFIG, NOW)
    return generation


def adas(**changes: object) -> Generation:
    """Ada's track, with everything about it that can be written down."""
    reply = a_generation().reply
    inputs = Inputs("zebraphone solo", seed=7, continuation=True, input_audio=STORED)
    made = asked(GenerationRequest(inputs, UPLOAD), ADA, reply)
    full = ended(
        made,
        submitted_at=NOW,
        prediction_id=f"p-{made.id}",
        seed_used=7,
        predict_time_s=1.0,
        track_path=f"tracks/{made.id}.wav",
        piece_path=f"tracks/{made.id}.piece",
        failure=AudioAddressBad("https://cdn.example/zebra"),
        ended_at=NOW,
        relation=Relation.MELODY,
        parent_id="an-older-one",
        batch_id=f"b-{made.id}",
        given_s=1.0,
        track_s=8.0,
        canceled_by=ADA,
        fine_tune="lofi",
        closeness=Closeness.SURPRISE,
        terms=MusicalTerms(97, "F# minor", 3),
        measures=Measures(Tempo(97, 0.9), Joint(0.1, 0.2, 3, 4)),
        draft="the words of a zebra",
        reply=replace(reply, guild_id=5),
    )
    return replace(full, **changes)  # pyright: ignore[reportArgumentType] - fields by name


def bos(parent: Generation) -> list[Generation]:
    """All that Bo can make from it."""
    reply = a_generation().reply
    requests = [
        remake(parent, relation, now=NOW, lender=parent)
        for relation in (Relation.AGAIN, Relation.VARIATION)
    ]
    requests += [
        remake(parent, Relation.EDIT, Changes(prompt="gong"), now=NOW, lender=parent),
        extension(parent, CARD, 5),
        melody(parent, CARD, "strings"),
        extension(None, CARD, 5, "gong"),
    ]
    return [asked(request, BO, reply) for request in requests]


async def same(journal: OpenJournal, generation: Generation) -> bool:
    """Whether its row is this."""
    found = await journal.get(generation.id)
    assert found is not None
    if not generation.open:
        generation = replace(generation, reply=replace(generation.reply, token=""))
    return told_apart(found) == told_apart(generation)


# ------------------------------------------------------------------ forgetting


async def test_nothing_leads_to_who_has_been_forgotten(journal: OpenJournal, url: str) -> None:
    ada = adas()
    bo = [ended(one) for one in bos(ada)]
    canceled = [ended(one, state=State.CANCELED, canceled_by=ADA) for one in bos(ada)]
    failed = [ended(one, state=State.FAILED, told=False) for one in bos(ada)]
    for one in (ada, *bo, *canceled, *failed):
        await journal.add(one)
    before = await cells(url)
    empty = {column for _, key, column, value in before if key == ada.id and value is None}
    # Whatever is added to the row later is to be filled in above, and so is looked for below.
    assert empty == {"source", "more_s", "token", "wanted_reply", "wanted_until"}
    for needle in (ADA, ada.id, STORED, "zebraphone"):
        assert holding(before, needle), needle
    await journal.forget(ADA)
    after = await cells(url)
    for needle in (ADA, ada.id, UPLOAD.url, UPLOAD.filename, STORED, CARD.url, CARD.filename):
        assert not holding(after, needle), needle
    words = {cell for cell in after if "zebraphone" in str(cell[3])}
    kept = {one.id for one in (*bo, *canceled, *failed) if "zebraphone" in one.inputs.prompt}
    # The words that Bo has taken for a track of their own are that track's.
    assert {(key, column) for _, key, column, _ in words} == {
        (key, column) for key in kept for column in ("inputs", "words")
    }


async def test_what_is_under_way_leads_back_no_more_either(journal: OpenJournal, url: str) -> None:
    ada = adas()
    running = [replace(one, state=State.RUNNING) for one in bos(ada)[:3]]
    for one in (ada, *running):
        await journal.add(one)
    await journal.forget(ADA)
    assert not holding(await cells(url), ada.id)
    for one in running:
        # Who follows it knows it as it was.
        await journal.save(one.evolve(State.COLLECTING))
        await journal.save(ended(one, state=State.FAILED))
    after = await cells(url)
    assert not holding(after, ada.id)
    assert not holding(after, STORED)


async def test_ones_own_that_is_under_way_stays_with_its_audio(journal: OpenJournal) -> None:
    running = adas(state=State.RUNNING, told=False)
    await journal.add(running)
    assert (await journal.forget(ADA)).kept.still_open == 1
    assert await same(journal, running)


# ------------------------------------------------------------------ uploads


@pytest.mark.parametrize("state", [state for state in State if state.final])
@pytest.mark.parametrize("told", [True, False])
async def test_an_upload_is_known_until_the_end(
    journal: OpenJournal, url: str, state: State, told: bool
) -> None:
    generation = adas(state=State.RUNNING, told=False)
    await journal.add(generation)
    for needle in (UPLOAD.url, UPLOAD.filename):
        assert holding(await cells(url), needle) == {("generations", "source")}
    if state is State.DELIVERED:
        for step in (State.COLLECTING, State.DELIVERING):
            generation = generation.evolve(step)
            await journal.save(generation)
    await journal.save(generation.evolve(state, told=told))
    after = await cells(url)
    assert not holding(after, UPLOAD.url)
    assert not holding(after, UPLOAD.filename)
    found = await journal.get(generation.id)
    assert found is not None
    assert found.has_audio


async def test_the_address_of_a_copy_goes_with_the_copy(journal: OpenJournal) -> None:
    ada, running = adas(), adas(state=State.RUNNING, told=False)
    await journal.add(ada)
    await journal.add(running)
    await journal.forget_spent(NOW, NOW - timedelta(seconds=1), NOW)
    assert await same(journal, ada.kept)
    await journal.forget_spent(NOW, NOW, NOW)
    gone = replace(ada.inputs, input_audio=None)
    assert await same(journal, replace(ada.kept, stored_at=None, inputs=gone))
    assert await same(journal, running)


async def test_an_address_that_cannot_be_read_goes_too(journal: OpenJournal, url: str) -> None:
    ada = adas()
    await journal.add(ada)
    await execute(
        url, "UPDATE generations SET inputs = 'no', stored_at = 1 WHERE id = :id", id=ada.id
    )
    await journal.forget_spent(NOW, NOW, NOW)
    assert "no" not in await scalars(url, "SELECT inputs FROM generations")


@pytest.mark.parametrize("relation", [Relation.RETRY, Relation.AGAIN, None])
async def test_what_may_turn_up_late_is_found_by_its_audio(
    journal: OpenJournal, relation: Relation | None
) -> None:
    lost = adas(
        state=State.FAILED,
        relation=relation,
        prediction_id=None,
        failure=SubmitUncertain(),
        submitted_at=NOW,
    )
    still_open = replace(lost, id="looked-for", told=False)
    await journal.add(lost)
    await journal.add(still_open)
    assert await same(journal, still_open), "it may come back to life, and needs all of it"
    for moment, is_kept in ((NOW - timedelta(seconds=1), True), (NOW, relation is None)):
        await journal.forget_spent(NOW, NOW - timedelta(days=1), moment)
        found = await journal.get(lost.id)
        assert found is not None
        assert found.source is None
        assert (found.inputs.input_audio == STORED) == is_kept
    assert await same(journal, still_open)


async def test_what_a_message_showed_that_is_gone_is_its_persons_alone(
    journal: OpenJournal,
) -> None:
    shown, running = adas(), adas(state=State.RUNNING, told=False)
    elsewhere = adas(reply=replace(shown.reply, channel_id=99))
    for one in (shown, running, elsewhere):
        await journal.add(one)
    await journal.hide(shown.reply.channel_id, shown.reply.message_id, 404)
    gone = replace(shown.reply, private=True, gone=True)
    assert await same(journal, replace(shown.kept, reply=gone))
    assert await same(journal, running)
    assert await same(journal, elsewhere.kept)


# ------------------------------------------------------------------ tokens


async def test_a_token_is_kept_for_as_long_as_it_lives(journal: OpenJournal, url: str) -> None:
    generation, other = adas(state=State.RUNNING, told=False), a_generation()
    wish = replace(
        generation.reply,
        message_id=99,
        token="another-token",
        token_expires_at=generation.reply.token_expires_at + timedelta(minutes=1),
    )
    await journal.add(generation)
    await journal.add(replace(other, reply=wish))
    assert await journal.request_bring(generation.id, wish)
    end, wished_end = generation.reply.token_expires_at, wish.token_expires_at
    for now, dead, alive in (
        (end - timedelta(seconds=1), set[str](), {"interaction-token", "another-token"}),
        (end, {"interaction-token"}, {"another-token"}),
        (wished_end, {"interaction-token", "another-token"}, set[str]()),
    ):
        await journal.forget_spent(now, NOW, NOW)
        found = await cells(url)
        assert all(holding(found, token) for token in alive)
        assert not any(holding(found, token) for token in dead)
    moved = await journal.get(generation.id)
    assert moved is not None
    assert moved.reply == replace(wish, token=""), "it is still wanted there"


async def test_a_wish_that_cannot_be_read_is_forgotten(journal: OpenJournal, url: str) -> None:
    generation = a_generation()
    await journal.add(generation)
    await journal.request_bring(generation.id, generation.reply)
    await execute(url, "UPDATE generations SET wanted_reply = 'interaction-token'")
    await journal.forget_spent(LATER, NOW, NOW)
    assert not holding(await cells(url), "interaction-token")
