"""What one person meets: cards and their forms, lists, presets, settings, limits."""

from __future__ import annotations

from typing import Any

from bot.card import strings
from bot.community.limits import Limits
from bot.community.weekly import next_week
from bot.community.written_amounts import parse_amounts
from bot.domain import errors
from bot.domain.measures import Joint, Measures, Tempo
from bot.domain.picture import Picture
from bot.domain.prediction import Prediction
from bot.journal import Terms
from bot.locales import Text
from tests.discord.card_kit import Used
from tests.discord.visit_kit import OTHER, PROMPT, RIFF, Visit


async def cards(visit: Visit) -> None:
    """A request's card, from its wait to its end, whichever that is."""
    world = visit.world
    asked = await world.musicgen(PROMPT, duration=12, temperature=0.5, seed=7)
    await world.pass_s(12)
    world.generates(100)
    await world.pass_s(60)
    world.predictions.answers = (Prediction("p1", "failed", error="Из памяти"),)
    await world.pass_s(5)
    assert len(asked.buttons) == len(("Again", "Edit", "Info", "Delete"))
    world.predictions.answers = (Prediction("p1", "starting"),)
    running = await world.musicgen(OTHER)
    await visit.press(world.mod, running.reply, strings.card.CANCEL)
    await world.pass_s(5)
    world.predictions.canceled.clear()
    world.sound.picture = Picture(b"PNG", 8.0, 0.0, (-30.0, -14.0, -90.0))
    world.sound.measures = Measures(Tempo(119.6, 0.93), Joint(0.5, 0.1, 9.0, 2.0))
    card = await visit.made()
    await visit.press(world.bo, card, strings.stars.STAR)
    info = await visit.press(world.ada, card, strings.card.INFO)
    loop = await visit.press(world.ada, info.response, strings.card.LOOP)
    await visit.press(world.bo, loop.response, strings.card.DELETE)
    world.sound.loop_made = errors.NoLoop(1.5)
    await visit.press(world.ada, info.response, strings.card.LOOP)
    for answer in (strings.card.KEEP, strings.card.DELETE_YES):
        asking = await visit.press(world.ada, card, strings.card.DELETE)
        await visit.press(world.ada, asking.result.followups[-1], answer)


async def takes(visit: Visit) -> None:
    world = visit.world
    card = await visit.made()
    await visit.press(world.bo, card, strings.card.AGAIN)
    await world.done(3)
    varied = await visit.press(world.bo, card, strings.card.VARIATIONS)
    await world.done(5)
    info = await visit.press(world.ada, varied.response, strings.card.INFO)
    await visit.press(world.ada, info.response, strings.files.PACK_TAKES)
    await visit.press(world.ada, info.response, strings.files.PACK_LINE)
    await visit.press(world.ada, info.response, strings.card.LOOP)
    await visit.press(world.ada, varied.response, strings.card.EXTEND)


async def forms(visit: Visit) -> None:
    world = visit.world
    card = await visit.made()
    ways: list[tuple[Text, dict[str, Any]]] = [
        (strings.card.EDIT, {"prompt": OTHER, "model": ["melody"]}),
        (strings.card.EXTEND, {"prompt": OTHER, "more": "6"}),
        (strings.card.MELODY, {"prompt": OTHER}),
    ]
    for label, values in ways:
        form = await visit.press(world.ada, card, label)
        sent = await form.send(world.ada, **values)
        await world.done(3)
        await visit.press(world.ada, sent.response, strings.card.INFO)
    form = await visit.press(world.ada, card, strings.card.EXTEND)
    refused = await form.send(world.ada, prompt=OTHER, more="99")
    again = await visit.press(world.ada, refused.response, strings.forms.CHANGE)
    assert again.form
    form = await visit.press(world.ada, card, strings.card.EDIT)
    await form.send(world.ada, prompt=" ", model=["melody"])
    finer = await visit.slash(world.ada, "musicgen", prompt=" ", top_k=7)
    form = await visit.press(world.ada, finer.response, strings.forms.CHANGE)
    form = await visit.press(world.ada, card, strings.card.EDIT)
    asked = await form.send(world.ada, prompt=PROMPT, model=["melody"], seed=["more"])
    form = await visit.press(world.ada, asked.response, strings.forms.FINER)
    await form.send(world.ada, seed="x", temperature="1", guidance="3", format=["wav"])
    refused = await visit.slash(world.ada, "jam start", theme=PROMPT, key="x", bpm=90)
    form = await visit.press(world.ada, refused.response, strings.forms.CHANGE)
    message = await world.ada.send(world.channel, "моё", attachments=[RIFF])
    for menu in (strings.commands.MENU_EXTEND, strings.commands.MENU_MELODY, strings.jam.MENU):
        form = Used(world, await world.ada.context_menu(world.channel, menu.message, message))
        assert form.form
    words = await world.ada.send(world.channel, "ничего")
    await world.ada.context_menu(world.channel, strings.commands.MENU_MELODY.message, words)


async def lists(visit: Visit) -> None:
    """Tracks and charts, presets, and what is told of what one has used."""
    world = visit.world
    await visit.slash(world.ada, "tracks list")
    await visit.slash(world.ada, "charts")
    all_made = [await visit.made(f"{PROMPT} {number}") for number in range(12)]
    await visit.press(world.bo, all_made[-1], strings.stars.STAR)
    listed = await visit.slash(world.ada, "tracks list")
    await visit.press(world.ada, listed.response, strings.tracks.OLDER)
    await visit.slash(world.ada, "tracks list", words="полька")
    newest = [*world.journal.rows.values()][-1].id
    listed = await visit.slash(world.ada, "tracks list", order="stars")
    await visit.choose(world.ada, listed.response, "mg:1:pick-show", newest)
    asked = await visit.choose(world.ada, listed.response, "mg:1:pick-forgetone", newest)
    await visit.press(world.ada, asked.response, strings.tracks.FORGET_ONE_YES)
    charts = await visit.slash(world.bo, "charts", period="all time")
    assert charts.response.embeds
    asked = await visit.slash(world.ada, "tracks forget")
    await visit.press(world.ada, asked.response, strings.tracks.FORGET_YES)


async def presets(visit: Visit) -> None:
    world = visit.world
    for who, options in ((world.ada, {}), (visit.boss, {"server": True}), (visit.boss, {})):
        await visit.slash(who, "preset save", name="тихо", duration=4, top_k=0, **options)
    await visit.slash(world.ada, "preset save", name="тихо", duration=5)
    await visit.slash(visit.boss, "preset list")
    await visit.slash(world.ada, "preset show", name="тихо")
    await visit.slash(world.ada, "preset default", name="тихо")
    await visit.slash(world.ada, "preset default")
    await world.bo.autocomplete(world.channel, "musicgen", "preset", "")
    card = await visit.made(preset="тихо")
    info = await visit.press(visit.boss, card, strings.card.INFO)
    form = await visit.press(visit.boss, info.response, strings.presets.BUTTON)
    await form.send(visit.boss, name="наш", seed=["yes"], owner=["server"])
    await visit.slash(world.ada, "preset delete", name="тихо")
    await visit.slash(world.ada, "preset delete", name="нет", server=True)


async def settings(visit: Visit) -> None:
    """The panel, its menus and forms, and the log."""
    world, boss, words = visit.world, visit.boss, strings.settings
    await visit.slash(boss, "settings log")
    panel = (await visit.slash(boss, "settings panel")).response
    log, role = world.guild.create_text_channel("log"), world.guild.roles["moderators"]
    await visit.choose(boss, panel, "mg:1:many-logchannel", log)
    await visit.choose(boss, panel, "mg:1:many-places", world.channel)
    await visit.choose(boss, panel, "mg:1:many-roles", role)
    for button in (words.PRESS_OFF, words.AUDIO_OFF, words.PRESS_ON, words.AUDIO_ON):
        await visit.press(boss, panel, button)
    form = await visit.press(boss, panel, words.LIMITS)
    await form.send(boss, length="20", words="полька", language=["discord"])
    form = await visit.press(boss, panel, words.LIMITS)
    await form.send(boss, length="x", words="", language=["discord"])
    form = await visit.press(boss, panel, words.AMOUNTS)
    await form.send(boss, each="1 tracks/day", together="20 s/day, 3 usd/month")
    form = await visit.press(boss, panel, words.AMOUNTS)
    await form.send(boss, each="1 x", together="")
    await visit.slash(boss, "usage", of="server")
    roles = (await visit.press(boss, panel, words.ROLE_LIMITS)).response
    picked = Used(world, await boss.select(roles, [role]))
    await picked.send(boss, amounts="40 tracks/day")
    await visit.press(boss, panel, words.DEFAULTS)
    await visit.slash(boss, "preset save", name="дом", server=True, duration=5, temperature=0.5)
    defaults = (await visit.press(boss, panel, words.DEFAULTS)).response
    assert (await boss.select(defaults, ["дом"])).acknowledged
    await visit.press(boss, defaults, words.NO_DEFAULTS)
    await visit.press(boss, panel, strings.weekly.NAME)
    asking = (await visit.press(boss, panel, words.CANCEL_ALL)).response
    assert (await boss.select(asking, [world.ada])).acknowledged
    form = await visit.press(boss, panel, words.PAUSE)
    await form.send(boss, reason="ночь")
    await visit.slash(world.mod, "musicgen", prompt=PROMPT)
    await visit.press(boss, panel, words.RESUME)
    logged = (await visit.press(boss, panel, words.LOG)).response
    await visit.press(boss, logged, words.OLDER)


async def server_rules(visit: Visit) -> None:
    """Blocks, limits, help, a greeting, and the weekly chart."""
    world, boss = visit.world, visit.boss
    await visit.slash(world.bo, "help")
    await visit.slash(world.bo, "usage")
    limits = Limits(per_user=parse_amounts("1 tracks/day, 9 usd/month"), max_waiting_per_user=3)
    world.journal.terms = Terms(limits)
    world.bot.limits = limits
    card = await visit.made()
    await visit.press(world.bo, card, strings.stars.STAR)
    await visit.slash(world.ada, "musicgen", prompt=PROMPT)
    for who in (world.ada, world.bo):
        await visit.slash(who, "help")
        await visit.slash(who, "usage")
    await visit.slash(world.ada, "usage", of="all")
    await visit.press(world.bo, card, strings.card.VARIATIONS)
    await visit.slash(boss, "block", person=world.mod, reason="шум", hours=3)
    await visit.slash(world.mod, "musicgen", prompt=PROMPT)
    await visit.slash(boss, "unblock", person=world.mod)
    await visit.slash(boss, "unblock", person=world.mod)
    await visit.slash(boss, "settings log")
    assert world.bot.user is not None
    await world.ada.send(world.channel, f"{world.bot.user.mention} ?")
    await world.ada.send_dm("?")
    place = world.guild.create_text_channel("charts")
    panel = (await visit.slash(boss, "settings panel")).response
    chart = (await visit.press(boss, panel, strings.weekly.NAME)).response
    await visit.choose(boss, chart, "mg:1:many-chartchannel", place)
    await world.bot.weekly_chart.post_due(next_week(world.clock.now()))
    assert place.history()
