"""An interaction's life: three seconds to answer, once; then a token that dies."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable

import discord
import pytest

from bot.playground.discord import DiscordStandIn, NeverHappened, Rules, Stage
from bot.playground.discord.events import InteractionFailed
from tests.contract.discord_kit import a_file, bot_with, running


@pytest.fixture
async def standin() -> AsyncGenerator[DiscordStandIn]:
    async with DiscordStandIn(rules=Rules(file_limit_bytes=1000)) as running_:
        yield running_


async def test_three_seconds_without_an_answer_fail_and_the_late_answer_is_unknown(
    standin: DiscordStandIn,
) -> None:
    late = asyncio.Event()
    codes: asyncio.Queue[int] = asyncio.Queue()

    async def go(interaction: discord.Interaction) -> None:
        await late.wait()
        with pytest.raises(discord.NotFound) as error:
            await interaction.response.defer()
        codes.put_nowait(error.value.code)

    async with running(standin, bot_with(go)) as bot:
        used = await standin.actor("ada").slash(standin.world.jam, "go")
        await bot.seen.get()
        standin.clock.advance(2.5)
        assert used.stage is Stage.WAITING
        standin.clock.advance(0.5)
        with pytest.raises(NeverHappened, match="did not respond"):
            await used.answered()
        late.set()
        assert await codes.get() == 10062


async def test_a_second_answer_is_refused_even_by_a_second_process(
    standin: DiscordStandIn,
) -> None:
    codes: list[int] = []

    async def go(interaction: discord.Interaction) -> None:
        try:
            await interaction.response.defer()
        except discord.HTTPException as error:
            codes.append(error.code)
        await interaction.edit_original_response(content="done")

    async with running(standin, bot_with(go)):
        used = await standin.actor("ada").slash(standin.world.jam, "go")
        await used.finished()
        standin.world.redeliver(used.interaction)
        card = await used.until(lambda message: len(message.revisions) == 3)
    assert codes == [40060]
    assert len(standin.world.messages) == 1
    assert card.content == "done"


async def test_a_dead_token_is_refused_and_the_bot_token_still_edits(
    standin: DiscordStandIn,
) -> None:
    expired = asyncio.Event()
    codes: list[int] = []

    async def go(interaction: discord.Interaction) -> None:
        response = await interaction.response.defer()
        assert response is not None
        assert response.message_id is not None
        await expired.wait()
        with pytest.raises(discord.HTTPException) as error:
            await interaction.edit_original_response(content="too late")
        codes.extend([error.value.status, error.value.code])
        assert interaction.channel_id is not None
        channel = interaction.client.get_partial_messageable(interaction.channel_id)
        card = channel.get_partial_message(response.message_id)
        await card.edit(content="by the bot", attachments=[a_file("a.wav")])
        await channel.send("<@1> psst", reference=card)

    async with running(standin, bot_with(go)):
        used = await standin.actor("ada").slash(standin.world.jam, "go")
        await used.answered()
        standin.clock.advance(15 * 60)
        expired.set()
        card = await used.finished()
        assert (codes, card.content) == ([401, 50027], "by the bot")
        answer = await standin.world.until(
            lambda world: [m for m in world.channel_messages(world.jam) if m.reference is card]
        )
        assert answer[0].to_json(standin.world.cdn)["type"] == 19


async def test_a_thought_that_never_ends_fails_when_its_token_dies(
    standin: DiscordStandIn,
) -> None:
    failed: list[InteractionFailed] = []

    def note(event: object) -> None:
        if isinstance(event, InteractionFailed):
            failed.append(event)

    async def go(interaction: discord.Interaction) -> None:
        await interaction.response.defer()

    standin.world.subscribe(note)
    async with running(standin, bot_with(go)):
        used = await (await standin.actor("ada").slash(standin.world.jam, "go")).answered()
        standin.clock.advance(899)
        assert not failed
        standin.clock.advance(1)
    assert [event.interaction for event in failed] == [used.interaction]
    assert used.reply is not None
    assert used.reply.body.loading


Call = Callable[[discord.Interaction], Awaitable[object]]


STEPS: list[tuple[Call, int, int]] = [
    (lambda i: i.edit_original_response(content="x"), 404, 10015),
    (lambda i: i.followup.send("x"), 404, 10015),
    (lambda i: i.response.edit_message(content="x"), 400, 50035),
    (lambda i: i.response.send_message(""), 400, 50006),
    (lambda i: i.response.send_message("x" * 2001), 400, 50035),
]


@pytest.mark.parametrize(
    ("call", "status", "code"),
    STEPS,
    ids=["edit first", "follow up first", "nothing to update", "empty", "too long"],
)
async def test_a_wrong_first_step_is_refused_and_the_right_one_still_works(
    standin: DiscordStandIn, call: Call, status: int, code: int
) -> None:
    refused: list[tuple[int, int]] = []

    async def go(interaction: discord.Interaction) -> None:
        try:
            # discord.py itself keeps a command from editing a message it does not have.
            interaction.type = discord.InteractionType.component
            await call(interaction)
        except discord.HTTPException as error:
            refused.append((error.status, error.code))
        await interaction.response.send_message("right")

    async with running(standin, bot_with(go)):
        used = await standin.actor("ada").slash(standin.world.jam, "go")
        assert (await used.finished()).content == "right"
    assert refused == [(status, code)]


async def test_a_deleted_reply_is_unknown(standin: DiscordStandIn) -> None:
    codes: asyncio.Queue[int] = asyncio.Queue()

    async def go(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("x")
        other = await interaction.followup.send("y", wait=True)
        await other.delete()
        await interaction.delete_original_response()
        with pytest.raises(discord.NotFound) as error:
            await interaction.edit_original_response(content="z")
        codes.put_nowait(error.value.code)

    async with running(standin, bot_with(go)):
        used = await standin.actor("ada").slash(standin.world.jam, "go")
        assert await codes.get() == 10008
        assert (used.reply, used.followups) == (None, [])
