"""The rules of a server over the wire: set in the panel, held by commands and buttons."""

from __future__ import annotations

from bot.card.strings import settings as words
from bot.playground.discord.messages import Message
from tests.journey.rig import Rig, buttons, has_track


def shown(message: Message, name: str) -> str:
    """What stands at a rule of the panel."""
    [embed] = message.embeds
    return next(str(field.value) for field in embed.fields if field.name == name)


async def test_blocked_refused_unblocked_served(rig: Rig) -> None:
    jam, ada = rig.discord.world.jam, rig.ada.user
    blocking = await rig.mod.slash(jam, "block", person=str(ada.id), reason="spam", days=2)
    await blocking.until(lambda message: "can't have anything made" in message.content)
    assert (await blocking.answered()).ephemeral
    card = await (await rig.bo.slash(jam, "musicgen", prompt="gong", duration=1)).until(has_track)
    for asked in (
        await rig.ada.slash(jam, "musicgen", prompt="lofi"),
        await rig.ada.click(card, "Again"),
        await rig.ada.click(card, "Edit"),
    ):
        refused = await asked.answered()
        assert refused.ephemeral
        assert refused.reply is not None
        assert "have blocked you" in refused.reply.content
        assert "“spam”. This ends <t:" in refused.reply.content
    unblocking = await rig.mod.slash(jam, "unblock", person=str(ada.id))
    await unblocking.until(lambda message: "made again" in message.content)
    await (await rig.musicgen(duration=1)).until(has_track)


async def test_the_panel_and_its_log(rig: Rig) -> None:
    jam = rig.discord.world.jam
    opened = await (await rig.mod.slash(jam, "settings panel")).answered()
    panel = opened.reply
    assert panel is not None
    assert opened.ephemeral
    other = next(
        channel
        for channel in rig.discord.world.channels.values()
        if channel.guild is jam.guild and channel is not jam
    )
    await (await rig.mod.choose(panel, "mg:1:many-places", str(other.id))).answered()
    await rig.discord.world.until(lambda _: shown(panel, words.PLACES()) == f"<#{other.id}>", 10.0)
    refused = await (await rig.ada.slash(jam, "musicgen", prompt="lofi")).answered()
    assert refused.reply is not None
    assert f"<#{other.id}>" in refused.reply.content
    form = await rig.mod.click(panel, words.PAUSE())
    await (await rig.mod.submit_modal(form, {"reason": "night"})).answered()
    await rig.discord.world.until(lambda _: words.RESUME() in buttons(panel), 10.0)
    log = await (await rig.mod.slash(jam, "settings log")).answered()
    assert log.reply is not None
    [embed] = log.reply.embeds
    lines = str(embed.description).splitlines()
    assert [line[:6] for line in lines] == ["**2.**", "**1.**"]
