"""A preset, from a card's Info to the next track."""

from __future__ import annotations

from bot.card import strings
from tests.journey.rig import Rig, has_track


async def test_a_cards_settings_make_the_next_track(rig: Rig) -> None:
    card = await (await rig.musicgen(temperature=0.5, top_p=0.0)).until(has_track)
    info = await (await rig.bo.click(card, "Info")).answered()
    assert info.reply is not None
    form = await rig.bo.click(info.reply, strings.presets.BUTTON())
    filled = await rig.bo.submit_modal(form, {"name": "Mine", "seed": ["no"]})
    saved = await filled.answered()
    assert saved.reply is not None
    assert "“Mine”" in saved.reply.body.content
    jam = rig.discord.world.jam
    await (await rig.bo.slash(jam, "preset default", name="mine")).answered()
    made = await (await rig.bo.slash(jam, "musicgen", prompt="rain", temperature=0.7)).answered()
    await made.until(has_track)
    sent = rig.replicate.predictions[-1].input
    assert (sent["prompt"], sent["duration"], sent["temperature"]) == ("rain", 1, 0.7)
    assert sent["top_p"] == 0
    assert sent["seed"] != rig.replicate.predictions[0].input["seed"]
