"""Which models may run, with what inputs: as Replicate says, as remembered, or as built in."""

from __future__ import annotations

import logging

import pytest

from bot.domain.inputs import TABLE, InputTable
from bot.domain.models import FineTune, Models
from bot.domain.openapi import openapi_schema
from bot.playground.replicate import ReplicateStandIn
from bot.playground.replicate.hosted import Hosted
from bot.replicate.catalogue import Catalogue
from bot.replicate.client import ReplicateClient
from tests.contract.replicate_kit import TOKEN, SwiftClock
from tests.fakes import FakeJournal

ONE_MODEL = openapi_schema(spec for spec in TABLE if spec.name != "model_version")
NO_PROMPT = openapi_schema(spec for spec in TABLE if spec.name != "prompt")
LOFI = FineTune("lofi", "ada/musicgen-lofi", "0f" * 32)
PICTURES = FineTune("pictures", "bo/diffusion", "1f" * 32)
MISTYPED = FineTune("mistyped", "ada/musicgen-lofi", "2f" * 32)


async def read(
    journal: FakeJournal, *fine_tunes: FineTune, base_url: str = "http://127.0.0.1:9"
) -> tuple[Catalogue, Models]:
    async with ReplicateClient(base_url, TOKEN, clock=SwiftClock()) as client:
        catalogue = Catalogue(client, "meta/musicgen", "a" * 64, fine_tunes)
        await catalogue.fetch()
        return catalogue, await catalogue.models(journal)


async def test_each_version_has_the_inputs_of_its_own_schema(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "bot")
    hosted = [
        Hosted.of(LOFI.model, LOFI.version, ONE_MODEL),
        Hosted.of(PICTURES.model, PICTURES.version, NO_PROMPT),
    ]
    journal = FakeJournal()
    async with ReplicateStandIn(token=TOKEN, version="a" * 64, fine_tunes=hosted) as service:
        catalogue, models = await read(journal, LOFI, PICTURES, base_url=service.base_url)
        assert catalogue.is_known
        assert models.fine_tunes == ("lofi",)
        assert "the fine-tune pictures is left out" in caplog.text
        lofi = models.named("lofi")
        assert (lofi.name, lofi.version, lofi.fine_tune) == (LOFI.model, LOFI.version, "lofi")
        assert "model_version" in models.main.table
        assert "model_version" not in lofi.table
        catalogue, models = await read(journal, MISTYPED, base_url=service.base_url)
        assert not catalogue.is_known
        assert models.named("mistyped").table == InputTable()
    catalogue, models = await read(journal, LOFI)
    assert catalogue.is_known, "a version's schema never changes"
    assert "model_version" not in models.named("lofi").table


async def test_more_come_once_one_is_there() -> None:
    hosted = [Hosted.of(LOFI.model, LOFI.version, ONE_MODEL)]
    async with (
        ReplicateStandIn(token=TOKEN, version="a" * 64, fine_tunes=hosted) as service,
        ReplicateClient(service.base_url, TOKEN, clock=SwiftClock()) as client,
    ):
        catalogue = Catalogue(client, "meta/musicgen", "b" * 64, [MISTYPED, LOFI])
        await catalogue.models(FakeJournal())
        assert not catalogue.is_known
        await catalogue.more_come(SwiftClock())
