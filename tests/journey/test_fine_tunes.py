"""A fine-tune over the real protocol: its own version, its own schema, and what follows from it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.domain.inputs import TABLE
from bot.domain.models import FineTune
from bot.domain.openapi import openapi_schema
from bot.operations.check import check
from bot.playground.launch import LOFI
from bot.playground.replicate.hosted import Hosted
from tests.journey.rig import CREATE, Rig, a_rig, has_track, words

TUNE = Hosted.of(
    LOFI.model,
    LOFI.version,
    openapi_schema(spec for spec in TABLE if spec.name not in {"model_version", "top_k"}),
    LOFI.taste,
)
ALLOWED = {"FINE_TUNES": f"lofi={TUNE.model}:{TUNE.version}"}


async def said(rig: Rig, command: str, **options: str | int) -> str:
    used = await (await rig.ada.slash(rig.discord.world.jam, command, **options)).answered()
    assert used.ephemeral
    assert used.reply is not None
    return words(used.reply)


async def test_its_version_is_asked_for_and_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with a_rig(tmp_path, env=ALLOWED, fine_tunes=[TUNE]) as rig:
        jam = rig.discord.world.jam
        offered = await rig.ada.autocomplete(jam, "preset save", "fine_tune", name="Chill")
        assert offered == [("lofi", "lofi")]
        assert "`top_k`" in await said(rig, "preset save", name="Chill", fine_tune="lofi", top_k=9)
        await said(rig, "preset save", name="Chill", fine_tune="lofi", temperature=0)
        card = await (await rig.musicgen("rain", preset="chill")).until(has_track)
        assert "-# lofi · 1 s · " in words(card)
        # Its schema is remembered: what it lacks is refused without asking Replicate again.
        await rig.stop()
        rig.trouble_replicate("GET /v1/models/*", times=9, reset="before")
        await rig.start()
        refused = await said(rig, "musicgen", prompt="rain", preset="chill", top_k=9)
        assert "`top_k`" in refused
        again = await (await rig.bo.click(card, "Again")).answered()
        await again.until(has_track)
        made = rig.replicate.predictions
        assert [(one.model, one.version) for one in made] == [(TUNE.model, TUNE.version)] * 2
        assert [one.input["temperature"] for one in made] == [0, 0]
        await (await rig.musicgen("rain")).until(has_track)
        assert made[-1].version == TUNE.version
        assert rig.replicate.predictions[-1].version == rig.replicate.version
        assert await check(rig.settings) == 0
        gone = FineTune("jazz", TUNE.model, "9" * 64)
        assert await check(rig.settings.model_copy(update={"fine_tunes": (gone,)})) == 1
        assert "FAILED  fine-tune jazz: Replicate does not know" in capsys.readouterr().out
        # The owner takes it off the list.
        await rig.stop()
        rig.settings = rig.settings.model_copy(update={"fine_tunes": ()})
        await rig.start()
        refused = await said(rig, "musicgen", prompt="rain", preset="chill")
        assert "“Chill” names the fine-tune “lofi”, which the owner" in refused
        again = await (await rig.bo.click(card, "Again")).answered()
        assert again.reply is not None
        assert "This was made with the fine-tune “lofi”" in words(again.reply)
        assert rig.requests(*CREATE.split()) == 3
