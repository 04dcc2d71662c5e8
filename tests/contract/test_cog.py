"""The adapter over Cog servers, held against the real one (cog 0.23.1 from PyPI)."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from aiohttp import ClientSession, web

from bot.cog import run, server
from bot.cog.answers import Answer, Down
from bot.cog.client import VERSION, CogClient
from bot.cog.records import Record, Records
from bot.cog.server import CogServer
from bot.domain.errors import OutputExpired, OutputTooLarge, ReplicateError, SourceGone
from bot.domain.errors.servers import RunLost, ServerRefused, ServersBusy, ServersDown
from bot.domain.inputs import TABLE, Inputs, InputTable
from bot.domain.prediction import Prediction
from bot.operations.check_cog import check_cog
from bot.operations.metrics import Metrics
from bot.operations.web import Operations
from bot.playground.synth import SynthRequest, render
from bot.replicate.schema import narrow
from bot.settings import Settings
from tests.cog_server import CogProcess, a_cog_server, a_free_port

pytestmark = pytest.mark.xdist_group("cog")

STOP_AFTER_S = 1800
SLOW = 100
"""Steps a second: two seconds for a second of music and half."""
Put = Callable[[], Awaitable[Answer]]
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


class QuickClock:
    """A clock whose seconds are tenths."""

    speed = 10.0

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic() * self.speed

    async def sleep(self, delay_s: float) -> None:
        await asyncio.sleep(delay_s / self.speed)

    async def wait(self, event: asyncio.Event, timeout_s: float | None) -> bool:
        try:
            async with asyncio.timeout(None if timeout_s is None else timeout_s / self.speed):
                await event.wait()
        except TimeoutError:
            return False
        return True


class TrueClock(QuickClock):
    """One whose seconds are the server's."""

    speed = 1.0


@asynccontextmanager
async def a_client(
    cog: CogProcess,
    folder: Path,
    *more: str,
    clock: QuickClock | None = None,
    port: int | None = None,
    webhook_url: str | None = None,
) -> AsyncGenerator[CogClient]:
    client = CogClient(
        [*more, cog.url], folder, clock or QuickClock(), port=port, webhook_url=webhook_url
    )
    async with client:
        yield client


def asks(seed: int = 7, **inputs: object) -> Inputs:
    return Inputs(**{"prompt": "deep house", "duration": 1, "seed": seed, **inputs})  # pyright: ignore[reportArgumentType] - a test's own


async def create(client: CogClient, inputs: Inputs) -> Prediction:
    return await client.create(VERSION, inputs, STOP_AFTER_S)


async def until(
    client: CogClient, run_id: str, holds: Callable[[Prediction], object] | None = None
) -> Prediction:
    """Ask until it has ended, or `holds`; what is in its way meanwhile is waited for."""
    async with asyncio.timeout(30):
        while True:
            try:
                prediction = await client.get(run_id)
            except (ServersBusy, ServersDown):
                await asyncio.sleep(0.05)
                continue
            if holds(prediction) if holds else prediction.ended:
                return prediction
            await asyncio.sleep(0.02)


async def trouble(client: CogClient, run_id: str, kind: type[ReplicateError]) -> ReplicateError:
    """Ask until it is this that keeps a run."""
    async with asyncio.timeout(30):
        while True:
            try:
                await client.get(run_id)
            except kind as error:
                return error
            except ReplicateError:
                pass
            await asyncio.sleep(0.02)


def steps(prediction: Prediction) -> bool:
    return " / " in prediction.logs


async def track(client: CogClient, prediction: Prediction, folder: Path) -> bytes:
    target = folder / "track.wav"
    await client.download(prediction.output_url or "", target, 10_000_000)
    return target.read_bytes()


def music(seed: int, duration_s: int = 1) -> bytes:
    """What the model plays for `asks`."""
    return render(SynthRequest(prompt="deep house", seed=seed, duration_s=duration_s, stereo=True))


# ------------------------------------------------------------------ a run


async def test_a_run_tells_its_progress_and_ends_with_its_track(
    cog: CogProcess, tmp_path: Path
) -> None:
    cog.says("rate", SLOW / 5)
    async with a_client(cog, tmp_path) as client:
        run = await create(client, asks())
        going = await until(client, run.id, steps)
        assert (going.status, going.ended) == ("processing", False)
        assert "Using seed 7" in going.logs
        with pytest.raises(ServersBusy) as busy:
            await create(client, asks(8))
        assert not busy.value.loading
        cog.says("rate", 5000)
        ended = await until(client, run.id)
        assert ended.status == "succeeded"
        assert ended.predict_time_s is not None
        assert ended.predict_time_s >= 0.5
        assert "Using seed 7" in ended.logs
        assert await track(client, ended, tmp_path) == music(7)
        with pytest.raises(OutputTooLarge):
            await client.download(ended.output_url or "", tmp_path / "small.wav", 1000)
        assert not (tmp_path / "small.wav").exists()
    assert [one.seed for one in cog.runs()] == [7]


async def test_the_inputs_to_offer_are_the_servers(cog: CogProcess, tmp_path: Path) -> None:
    async with a_client(cog, tmp_path) as client:
        served = await client.version_schema("any/name", VERSION)
    assert narrow(TABLE, served.openapi_schema) == (InputTable(), ())


async def test_a_cancel_frees_the_server(cog: CogProcess, tmp_path: Path) -> None:
    cog.says("rate", SLOW)
    async with a_client(cog, tmp_path) as client:
        run = await create(client, asks(duration=20))
        await until(client, run.id, steps)
        canceled = await client.cancel(run.id)
        assert canceled.status == "canceled"
        assert canceled.predict_time_s is not None
        assert (await client.cancel(run.id)).status == "canceled", "once more does no harm"
        cog.says("rate", 5000)
        assert (await until(client, (await create(client, asks(8))).id)).status == "succeeded"


async def test_what_a_server_does_not_take_was_never_started(
    cog: CogProcess, tmp_path: Path
) -> None:
    async with a_client(cog, tmp_path) as client:
        with pytest.raises(ServerRefused) as refused:
            await create(client, asks(model_version="huge"))
        assert "model_version" in refused.value.detail
        assert await client.find(VERSION, asks(model_version="huge"), LONG_AGO) == ()
    assert cog.runs() == []


async def test_a_failure_comes_with_the_models_own_words(cog: CogProcess, tmp_path: Path) -> None:
    async with a_client(cog, tmp_path) as client:
        wrong = asks(model_version="stereo-large", multi_band_diffusion=True)
        # The schema of the tests has other names; what is in no enum is refused before it runs.
        failed = await until(client, (await create(client, asks(continuation=True))).id)
        assert failed.status == "failed"
        assert failed.error is not None
        assert failed.error.endswith("Must provide `input_audio` if continuation is `True`.")
        assert not failed.error.startswith("Prediction failed")
        with pytest.raises(ServerRefused):
            await create(client, wrong)


async def test_input_audio_goes_with_the_request(cog: CogProcess, tmp_path: Path) -> None:
    given = tmp_path / "given.wav"
    given.write_bytes(music(1))
    async with a_client(cog, tmp_path / "data") as client:
        kept = await client.upload(given, "given.wav", "audio/wav")
        given.unlink()
        wanted = asks(duration=2, continuation=True, input_audio=kept.url)
        ended = await until(client, (await create(client, wanted)).id)
        assert ended.status == "succeeded"
        # As MusicGen counts: 50 steps for each second that is new, and three.
        assert "53 /    100" in ended.logs
        for file in (tmp_path / "data/inputs").iterdir():
            file.unlink()
        with pytest.raises(SourceGone):
            await create(client, wanted)


# ------------------------------------------------------------------ nothing is lost, or run twice


async def test_the_next_process_begins_again_what_was_held(cog: CogProcess, tmp_path: Path) -> None:
    cog.says("rate", SLOW)
    async with a_client(cog, tmp_path) as client:
        run = await create(client, asks(duration=2))
        await until(client, run.id, steps)
        # A kill closes its connections just so.
    async with a_client(cog, tmp_path) as client:
        [found] = await client.find(VERSION, asks(duration=2), LONG_AGO)
        assert found.id == run.id
        again = await until(client, run.id)
        assert (again.status, again.begun_again) == ("succeeded", True)
        assert await track(client, again, tmp_path) == music(7, 2)
        assert await client.find(VERSION, asks(8), LONG_AGO) == ()
        assert await client.find(VERSION, asks(duration=2), _soon()) == ()
    assert len(cog.runs()) == 2
    assert cog.overlaps() == []


async def test_a_server_that_dies_is_told_of_and_its_run_begun_again_once(
    cog: CogProcess, tmp_path: Path
) -> None:
    cog.says("rate", SLOW)
    async with a_client(cog, tmp_path) as client:
        run = await create(client, asks(duration=3))
        await until(client, run.id, steps)
        cog.kill()
        await trouble(client, run.id, ServersDown)
        with pytest.raises(ServersDown):
            await create(client, asks(8))
        cog.says("setup", 0.3)
        cog.start()
        loading = await trouble(client, run.id, ServersBusy)
        assert isinstance(loading, ServersBusy)
        assert loading.loading
        assert (await until(client, run.id, steps)).begun_again
        cog.kill()
        await trouble(client, run.id, RunLost)
    async with a_client(cog, tmp_path) as client:
        with pytest.raises(RunLost):
            await client.get(run.id)
        with pytest.raises(RunLost):
            await client.get("a" * 26)
    assert len(cog.runs()) == 2


async def test_another_server_takes_what_one_has_lost(cog: CogProcess, tmp_path: Path) -> None:
    with a_cog_server(tmp_path / "other") as other:
        await other.until("READY")
        other.says("rate", SLOW)
        async with a_client(cog, tmp_path, other.url) as client:
            run = await create(client, asks(duration=3))
            await until(client, run.id, steps)
            beside = await create(client, asks(8))
            assert (await until(client, beside.id)).status == "succeeded"
            assert len(cog.runs()) == len(other.runs()) == 1, "they share the line"
            other.kill()
            ended = await until(client, run.id)
            assert (ended.status, ended.begun_again) == ("succeeded", True)
            assert client.servers_told() == f"down: {other.url}"
            assert (await until(client, (await create(client, asks(9))).id)).status == "succeeded"
    assert [one.seed for one in cog.runs()] == [8, 7, 9]


@asynccontextmanager
async def hooked(
    cog: CogProcess, folder: Path, port: int = 0, *, is_told: bool = False
) -> AsyncGenerator[tuple[CogClient, int]]:
    """A client that this server's webhooks come to; `is_told` where only the owner knows how."""
    operations = Operations(Metrics(0))
    async with AsyncExitStack() as stack:
        taken = await stack.enter_async_context(operations.serving(port, "127.0.0.1"))
        told = {"port": 1, "webhook_url": f"http://localhost:{taken}"} if is_told else {}
        client = await stack.enter_async_context(
            a_client(cog, folder, clock=TrueClock(), **{"port": taken, **told})  # pyright: ignore[reportArgumentType] - each its own
        )
        stack.enter_context(operations.handing_on(client))
        yield client, taken


async def test_where_webhooks_arrive_a_run_outlives_the_process(
    cog: CogProcess, tmp_path: Path
) -> None:
    async with hooked(cog, tmp_path) as (client, port):
        # The first one is held, and tells whether webhooks arrive.
        assert (await until(client, (await create(client, asks(1))).id)).status == "succeeded"
        cog.says("rate", SLOW)
        run = await create(client, asks(2, duration=2))
        await until(client, run.id, steps)
    await cog.until("READY")
    async with hooked(cog, tmp_path, port) as (client, _):
        # It has ended while nobody listened; its last webhook is tried again.
        ended = await until(client, run.id)
        assert (ended.status, ended.begun_again) == ("succeeded", False)
        assert await track(client, ended, tmp_path) == music(2, 2)
        gone = await create(client, asks(3, duration=20))
        await until(client, gone.id, steps)
        assert (await client.cancel(gone.id)).status == "canceled"
        await cog.until("READY")
    assert [one.seed for one in cog.runs()] == [1, 2, 3]


async def test_webhooks_come_to_the_address_that_the_owner_says(
    cog: CogProcess, tmp_path: Path
) -> None:
    async with hooked(cog, tmp_path, is_told=True) as (client, _):
        assert (await until(client, (await create(client, asks(1))).id)).status == "succeeded"
        run = await create(client, asks(2))
        assert read_record(tmp_path, run.id).is_hooked
        assert await track(client, await until(client, run.id), tmp_path) == music(2)


def read_record(folder: Path, run_id: str) -> Record:
    record = Records(folder).read(run_id)
    assert record is not None
    return record


def answering(client: CogClient, *answers: Callable[[Put], Awaitable[Answer]]) -> None:
    """Have the next PUTs to the only server go through these."""
    [server] = client._fleet.servers  # pyright: ignore[reportPrivateUsage] - what lies between
    put, waiting = server.put, iter(answers)

    async def through(record: Record, *, held: bool, hook: str | None) -> Answer:
        send = partial(put, record, held=held, hook=hook)
        answer = next(waiting, None)
        return await (send() if answer is None else answer(send))

    server.put = through


async def test_what_is_canceled_as_it_is_sent_does_not_keep_the_card(
    cog: CogProcess, tmp_path: Path
) -> None:
    canceled = asyncio.Event()

    async def late(send: Put) -> Answer:
        await canceled.wait()
        return await send()

    async with hooked(cog, tmp_path) as (client, _):
        await until(client, (await create(client, asks(1))).id)
        cog.says("rate", SLOW / 10)
        answering(client, late)
        creating = asyncio.create_task(create(client, asks(2, duration=20)))
        while not (found := await client.find(VERSION, asks(2, duration=20), LONG_AGO)):  # noqa: ASYNC110 - no event tells of it
            await asyncio.sleep(0.01)
        assert (await client.cancel(found[0].id)).status == "canceled"
        canceled.set()
        assert (await creating).status == "canceled"
        await cog.until("READY")
        # It would take 100 s.
        cog.says("rate", 5000)
        await until(client, (await create(client, asks(3))).id)
        # It was canceled before the model began, or while it worked.
        assert [note.what for note in cog.notes() if note.seed == 2] in ([], ["began", "failed"])


async def test_a_cancel_that_its_server_has_missed_is_sent_again(
    cog: CogProcess, tmp_path: Path
) -> None:
    """As one that comes just as the model begins."""
    async with hooked(cog, tmp_path) as (client, _):
        await until(client, (await create(client, asks(1))).id)
        cog.says("rate", SLOW / 10)
        run = await create(client, asks(2, duration=20))
        await cog.until("BUSY")
        [server] = client._fleet.servers  # pyright: ignore[reportPrivateUsage] - what lies between
        cancel, heard = server.cancel, list[str]()

        async def missed(run_id: str) -> bool | None:
            heard.append(run_id)
            return True if len(heard) == 1 else await cancel(run_id)

        server.cancel = missed
        assert (await client.cancel(run.id)).status == "canceled"
        # It would take 100 s.
        await cog.until("READY")
        assert [note.what for note in cog.notes()][-2:] == ["began", "failed"]


async def test_a_run_whose_beginning_went_unheard_is_met_and_brings_its_track(
    cog: CogProcess, tmp_path: Path
) -> None:
    async def lost(send: Put) -> Answer:
        await send()
        return Down("the answer was lost", began=True)

    async with hooked(cog, tmp_path) as (client, _):
        await until(client, (await create(client, asks(1))).id)
        cog.says("rate", SLOW)
        answering(client, lost)
        ended = await until(client, (await create(client, asks(2, duration=2))).id)
        assert (ended.status, ended.begun_again) == ("succeeded", False)
        assert await track(client, ended, tmp_path) == music(2, 2)
    assert [one.seed for one in cog.runs()] == [1, 2]


async def test_nobody_else_tells_of_a_run(cog: CogProcess, tmp_path: Path) -> None:
    cog.says("rate", SLOW)
    async with hooked(cog, tmp_path) as (client, port), ClientSession() as session:
        run = await create(client, asks())
        said = {"status": "succeeded", "output": "data:audio/wav;base64,AAAA"}
        for run_id in (run.id, "a" * 26):
            address = f"http://127.0.0.1:{port}/cog/{run_id}/guessed"
            async with session.post(address, json=said) as answer:
                assert answer.status == 404
        assert await track(client, await until(client, run.id), tmp_path) == music(7)


async def test_a_full_disk_makes_the_server_try_again(cog: CogProcess, tmp_path: Path) -> None:
    async with hooked(cog, tmp_path) as (client, _):
        await until(client, (await create(client, asks(1))).id)
        cog.says("rate", SLOW)
        run = await create(client, asks(2))
        (tmp_path / f"{run.id}.audio.draft").mkdir()
        await cog.until("READY")
        await asyncio.sleep(0.1)
        assert not (await client.get(run.id)).ended
        (tmp_path / f"{run.id}.audio.draft").rmdir()
        assert await track(client, await until(client, run.id), tmp_path) == music(2)


async def test_what_cannot_be_read_is_not_taken_for_unknown(
    cog: CogProcess, tmp_path: Path
) -> None:
    async with a_client(cog, tmp_path) as client:
        (tmp_path / f"{'a' * 26}.json").mkdir()
        with pytest.raises(ServersDown):
            await client.find(VERSION, asks(), LONG_AGO)
        with pytest.raises(ServersDown):
            await client.get("a" * 26)


# ------------------------------------------------------------------ servers that vanish


class Cable:
    """Between the bot and a server; what is plugged out says nothing more, for ever."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._is_out = asyncio.Event()
        self._tasks = set[asyncio.Task[None]]()

    def plug_out(self) -> None:
        self._is_out.set()

    def plug_in(self) -> None:
        self._is_out = asyncio.Event()

    @asynccontextmanager
    async def laid(self) -> AsyncGenerator[str]:
        server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        try:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        finally:
            server.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        is_out = self._is_out
        there, back = await asyncio.open_connection("127.0.0.1", self._port)
        for source, target in ((reader, back), (there, writer)):
            task = asyncio.create_task(_pump(source, target, is_out))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)


async def _pump(
    source: asyncio.StreamReader, target: asyncio.StreamWriter, is_out: asyncio.Event
) -> None:
    try:
        while part := await source.read(65536):
            if is_out.is_set():
                # Neither side hears of the other's end.
                await asyncio.Event().wait()
            target.write(part)
    finally:
        target.close()


@pytest.mark.parametrize("has_another", [True, False], ids=["another", "alone"])
async def test_a_machine_that_vanishes_is_not_waited_for(
    cog: CogProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, has_another: bool
) -> None:
    """Its connections stay as they are: no answer comes, and no end."""
    monkeypatch.setattr(run, "_UNREACHABLE_S", 6.0)
    monkeypatch.setattr(server, "_QUESTION_S", 0.2)
    cable = Cable(cog.port)
    async with AsyncExitStack() as stack:
        urls, other = [await stack.enter_async_context(cable.laid())], None
        if has_another:
            other = stack.enter_context(a_cog_server(tmp_path / "other"))
            await other.until("READY")
            urls.append(other.url)
        cog.says("rate", SLOW)
        client = await stack.enter_async_context(CogClient(urls, tmp_path, QuickClock()))
        going = await create(client, asks(duration=20))
        await until(client, going.id, steps)
        cable.plug_out()
        await trouble(client, going.id, ServersDown)
        cog.says("rate", 5000)
        if not has_another:
            cable.plug_in()
        ended = await until(client, going.id)
        assert (ended.status, ended.begun_again) == ("succeeded", True)
        assert await track(client, ended, tmp_path) == music(7, 20)
        assert other is None or [one.seed for one in other.runs()] == [7]
    assert cog.overlaps() == []


async def test_a_server_that_was_down_is_seen_to_be_back_and_takes_its_share(
    cog: CogProcess, tmp_path: Path
) -> None:
    with a_cog_server(tmp_path / "other") as other:
        await other.until("READY")
        other.kill()
        async with a_client(cog, tmp_path, other.url) as client:
            await until(client, (await create(client, asks(1))).id)
            assert client.servers_told() == f"down: {other.url}"
            other.start()
            async with asyncio.timeout(30):
                while client.servers_told() != "ok":  # noqa: ASYNC110 - no event tells of it
                    await asyncio.sleep(0.02)
            await other.until("READY")
            cog.says("rate", SLOW)
            other.says("rate", SLOW)
            both = [await create(client, asks(seed)) for seed in (2, 3)]
            assert {(await until(client, one.id)).status for one in both} == {"succeeded"}
            assert len(other.runs()) == 1


def test_a_connection_that_is_held_notices_when_the_other_machine_is_gone() -> None:
    with server.kept_alive((socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", 1))) as made:
        assert made.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        seconds = made.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE)
        assert seconds <= 60


# ------------------------------------------------------------------ older images


@asynccontextmanager
async def validating_first(cog: CogProcess) -> AsyncGenerator[str]:
    """The server as images of 2024 have it (0.9.5): it validates before it looks for the id.

    It does not say what it is, and where a PUT breaks off it goes on.
    """
    held = set[asyncio.Task[object]]()

    async def answer(request: web.Request) -> web.Response:
        async with ClientSession() as session:
            body = await request.read()
            target = f"{cog.url}{request.path}"
            if request.method == "PUT" and json.loads(body)["input"]["prompt"] == []:
                return web.json_response({"detail": []}, status=422)
            headers = {"Content-Type": "application/json"}
            asked = session.request(request.method, target, data=body, headers=headers)
            async with asked as said:
                value = await said.json()
                if request.path == "/health-check":
                    del value["version"]
                return web.json_response(value, status=said.status)

    async def going_on(request: web.Request) -> web.StreamResponse:
        task = asyncio.create_task(answer(request))
        held.add(task)
        return await asyncio.shield(task)

    app = web.Application(client_max_size=10_000_000)
    app.router.add_route("*", "/{path:.*}", going_on)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
        await asyncio.gather(*held, return_exceptions=True)


async def test_a_server_that_validates_first_is_never_asked_what_it_would_misread(
    cog: CogProcess, tmp_path: Path
) -> None:
    cog.says("rate", SLOW)
    async with validating_first(cog) as url:
        async with CogClient([url], tmp_path, QuickClock()) as client:
            run = await create(client, asks(duration=2))
            await cog.until("BUSY")
        # It goes on there, for nobody; it is stopped, and begun again under its own id.
        async with CogClient([url], tmp_path, QuickClock()) as client:
            ended = await until(client, run.id)
            assert (ended.status, ended.begun_again) == ("succeeded", True)
            assert await track(client, ended, tmp_path) == music(7, 2)
    assert len(cog.runs()) == 2
    assert cog.overlaps() == []


async def test_without_a_schema_no_question_is_asked(tmp_path: Path) -> None:
    with a_cog_server(tmp_path / "server", with_schema=False) as bare:
        await bare.until("READY")
        async with a_client(bare, tmp_path / "data") as client:
            with pytest.raises(ServersDown):
                await client.version_schema("any/name", VERSION)
            bare.says("rate", SLOW)
            run = await create(client, asks())
            assert (await until(client, run.id)).status == "succeeded"
        assert [one.seed for one in bare.runs()] == [7], "an input that cannot be would have run"


# ------------------------------------------------------------------ small things


async def test_a_track_is_kept_until_its_hour_is_over(cog: CogProcess, tmp_path: Path) -> None:
    async with a_client(cog, tmp_path) as client:
        ended = await until(client, (await create(client, asks())).id)
    audio = tmp_path / f"{ended.id}.audio"
    kept_until_s = (await asyncio.to_thread(audio.stat)).st_mtime
    assert kept_until_s == pytest.approx(time.time() + 3600, abs=60)
    await asyncio.to_thread(audio.unlink)
    async with a_client(cog, tmp_path) as client:
        with pytest.raises(OutputExpired):
            await client.download(ended.output_url or "", tmp_path / "track.wav", 10_000_000)


async def test_a_health_says_what_a_server_is(cog: CogProcess, tmp_path: Path) -> None:
    async with ClientSession() as session:
        health = await CogServer(cog.url, session, tmp_path).health()
        assert (health.status, health.answers_questions, health.is_up) == ("READY", True, True)
        closed = await CogServer("http://127.0.0.1:9", session, tmp_path).health()
        assert (closed.status, closed.is_up) == (None, False)
        assert closed.why


async def test_the_check_has_a_line_for_each_server(cog: CogProcess, tmp_path: Path) -> None:
    closed = f"http://127.0.0.1:{a_free_port()}"
    env = {"DISCORD_TOKEN": "x", "COG_URL": f"{cog.url},{closed}", "DATA_FOLDER": str(tmp_path)}
    found = await check_cog(Settings.from_env(env))
    assert found == [
        ("ok", f"COG_URL: {cog.url} is ready"),
        ("FAILED", f"COG_URL: {closed} cannot be reached: Connection refused"),
        ("ok", "COG_URL: its model takes what the specification says"),
    ]


def _soon() -> datetime:
    return datetime.now(UTC) + timedelta(minutes=1)
