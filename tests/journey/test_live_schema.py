"""What the version that really runs takes is what people are offered."""

from __future__ import annotations

import copy
import logging
from pathlib import Path

import pytest
from pydantic import JsonValue

from bot.playground.discord.commands import Option
from bot.playground.discord.wire import Refused
from tests.contract.replicate_standin_kit import REAL_SCHEMA
from tests.journey.rig import Rig, a_rig, eventually, has_track, words

BUILT_IN = ["melody", "large", "medium", "small"]
REAL = ["stereo-melody-large", "stereo-large", "melody-large", "large"]
SCHEMA = "GET /v1/models/*"


def option(rig: Rig, name: str) -> Option | None:
    command = rig.discord.world.commands.named("musicgen", 1)
    assert command is not None
    return next((option for option in command.form.options if option.name == name), None)


def models(rig: Rig) -> list[object]:
    found = option(rig, "model_version")
    assert found is not None
    return [choice.value for choice in found.choices]


def said_differences(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [r.getMessage() for r in caplog.records if "differs from the spec" in r.getMessage()]


async def test_the_models_offered_are_the_real_ones(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "bot")
    async with a_rig(tmp_path, schema=REAL_SCHEMA) as rig:
        assert models(rig) == REAL
        [said] = said_differences(caplog)
        assert "stereo-melody-large" in said
        with pytest.raises(Refused):
            await rig.musicgen(model_version="melody")
        used = await rig.musicgen(model_version="stereo-large")
        assert "-# stereo-large · " in words(await used.until(has_track))
        assert len(said_differences(caplog)) == 1, "once, not at every command"


async def test_our_bounds_stay_the_outer_limit(tmp_path: Path) -> None:
    async with a_rig(tmp_path, schema=REAL_SCHEMA) as rig:
        duration = option(rig, "duration")
        assert duration is not None
        assert (duration.min_value, duration.max_value) == (1, 30)


async def test_the_built_in_models_where_replicate_has_them(rig: Rig) -> None:
    assert models(rig) == BUILT_IN


@pytest.fixture
def fine_tune() -> dict[str, JsonValue]:
    """The schema of a fine-tune, which has one model only."""
    schema = copy.deepcopy(REAL_SCHEMA)
    del _inputs(schema)["model_version"]
    return schema


def _inputs(schema: JsonValue) -> dict[str, JsonValue]:
    for name in ("components", "schemas", "Input", "properties"):
        assert isinstance(schema, dict)
        schema = schema[name]
    assert isinstance(schema, dict)
    return schema


async def test_an_input_the_version_lacks_is_not_offered(
    tmp_path: Path, fine_tune: dict[str, JsonValue]
) -> None:
    async with a_rig(tmp_path, schema=fine_tune) as rig:
        assert option(rig, "model_version") is None
        used = await rig.musicgen()
        assert "Model: " not in words(await used.until(has_track))


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 404, "body": {"detail": "Not found."}},
        {"status": 200, "body": "<html>"},
        {"status": 200, "body": {"id": "x", "openapi_schema": {"components": {}}}},
        {"reset": "before"},
    ],
)
async def test_the_last_schema_is_remembered(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, fault: dict[str, object]
) -> None:
    caplog.set_level(logging.INFO, "bot")
    async with a_rig(tmp_path, schema=REAL_SCHEMA, speed=500) as rig:
        await rig.stop()
        rig.trouble_replicate(SCHEMA, times=99, **fault)
        await rig.start()
        assert models(rig) == REAL
        assert "remembered from an earlier start" in caplog.text


async def test_nothing_remembered_and_no_network_means_the_built_in_table(tmp_path: Path) -> None:
    async with a_rig(tmp_path, schema=REAL_SCHEMA, speed=500, start=False) as rig:
        rig.trouble_replicate(SCHEMA, times=99, reset="before")
        await rig.start()
        assert models(rig) == BUILT_IN


def syncs(rig: Rig) -> int:
    return sum(r.method == "PUT" and r.path.endswith("/commands") for r in rig.discord.requests)


async def test_commands_are_synced_only_when_they_have_changed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "bot")
    async with a_rig(tmp_path, schema=REAL_SCHEMA) as rig:
        await eventually(lambda: "commands synced" in caplog.text)
        assert syncs(rig) == 1
        await rig.stop()
        await rig.start()
        await eventually(lambda: "commands are as they were" in caplog.text)
        assert syncs(rig) == 1


async def test_a_changed_schema_syncs_again(
    tmp_path: Path, fine_tune: dict[str, JsonValue]
) -> None:
    async with a_rig(tmp_path, schema=REAL_SCHEMA) as rig:
        await rig.stop()
        rig.trouble_replicate(
            SCHEMA, times=9, status=200, body={"id": "x", "openapi_schema": fine_tune}
        )
        await rig.start()
        await eventually(lambda: option(rig, "model_version") is None)
        assert syncs(rig) == 2
