"""Database addresses as people and hosts write them, and what a database says when it refuses."""

from __future__ import annotations

import asyncio
import re
import sqlite3
import struct
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import cast
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy.engine import make_url

from bot.journal import JournalError, JournalNotReady, SqlJournal, async_url, sqlite_address
from bot.journal.addresses import ignored_parameters, postgres_arguments
from tests.contract.journal_kit import added, execute

CLASS_NAME = re.compile(r"[A-Z][a-z]+(Error|Exception)|Traceback|sqlalchemy|asyncpg")
HOSTS = [
    # As Heroku, Render, Neon, Supabase, Vercel, DigitalOcean and Google hand them out.
    "postgres://u:p@ec2-1.compute-1.amazonaws.com:5432/d",
    "postgresql://u:p@dpg-1.frankfurt-postgres.render.com/d?ssl=true",
    "postgresql://u:p@ep-1.neon.tech/d?sslmode=require&channel_binding=require",
    "postgres://u:p@ep-1.neon.tech/d?options=endpoint%3Dep-1&sslmode=require",
    "postgres://u.ref:p@aws-0.pooler.supabase.com:6543/d?pgbouncer=true&connection_limit=1",
    "postgres://u:p@host/d?sslmode=require&supa=base-pooler.x&workaround=supabase-pooler.vercel",
    "postgresql://u:p@host:25060/d?sslmode=require&pool_timeout=10&schema=public",
    "postgresql://u:p@/d?host=/cloudsql/project:region:instance",
    "postgresql://u:p@host/d?connect_timeout=10&keepalives=1&keepalives_idle=30&gssencmode=disable",
    "postgresql://host/d?user=u&password=p&application_name=bot&target_session_attrs=read-write",
    "postgresql://u:p@host/d?sslmode=verify-full&sslrootcert=system",
]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("sqlite:///data/bot.db", "sqlite+aiosqlite:///data/bot.db"),
        ("sqlite:////var/bot.db", "sqlite+aiosqlite:////var/bot.db"),
        ("sqlite+aiosqlite:///bot.db", "sqlite+aiosqlite:///bot.db"),
        ("sqlite:///bot.db?timeout=5", "sqlite+aiosqlite:///bot.db"),
        ("postgres://u:p%40ss@host/db", "postgresql+asyncpg://u:p%40ss@host/db"),
        ("postgresql://host:5433/db", "postgresql+asyncpg://host:5433/db"),
        ("postgresql+asyncpg://host/db", "postgresql+asyncpg://host/db"),
        (
            "postgresql://host/db?sslmode=require&channel_binding=require",
            "postgresql+asyncpg://host/db?sslmode=require",
        ),
        ("postgresql://host/db?ssl=true", "postgresql+asyncpg://host/db?sslmode=require"),
        ("postgresql://host/db?sslmode=no-verify", "postgresql+asyncpg://host/db?sslmode=require"),
        ("postgresql://host/db?ssl=0&pgbouncer=true", "postgresql+asyncpg://host/db?sslmode=disable"),
        ("postgresql://host/db?schema=music", "postgresql+asyncpg://host/db?search_path=music"),
        ("postgresql://host/?dbname=d&user=u&password=p", "postgresql+asyncpg://u:p@host/d"),
        (
            "postgres://u:p@a.example:5433,b.example/db?target_session_attrs=primary",
            "postgresql+asyncpg://u:p@/db?host=a.example%3A5433&host=b.example%3A5432"
            "&target_session_attrs=primary",
        ),
        ("postgresql://host/db?nobody_knows=this", "postgresql+asyncpg://host/db"),
    ],
)  # fmt: skip
def test_addresses_get_their_driver(given: str, expected: str) -> None:
    assert async_url(given) == expected
    assert async_url(expected) == expected


@pytest.mark.parametrize(
    "given",
    [
        "",
        "data/bot.db",
        "mysql://u:hunter2@h/db",
        "sqlite://",
        "sqlite:///:memory:",
        "postgresql+psycopg2://u:hunter2@h/db",
        "postgres://u:hunter2@h:port/db",
        "postgres://u:hunter2@h/db?sslmode=perhaps",
        "postgres://u:hunter2@h/db?connect_timeout=soon",
        "postgres://u:hunter2@h/db?target_session_attrs=standby",
        "postgres://u:hunter2@h/db?port=5432x",
        "postgres://u:hunter2@h/db?host=a,b&port=5432,65536",
        "sqlite://data/bot.db",
        "sqlite:////",
    ],
)
def test_other_addresses_are_refused_without_repeating_them(given: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        async_url(given)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("given", HOSTS)
def test_what_hosts_hand_out_is_taken_whole(given: str) -> None:
    assert ignored_parameters(given) == ()
    address, arguments = postgres_arguments(make_url(async_url(given)))
    assert set(address.query) <= {"host", "port"}
    assert arguments.keys() <= {"dsn", "ssl", "server_settings", "timeout"}


def test_parameters_come_where_asyncpg_reads_them() -> None:
    given = (
        "postgresql://u:p@h/d?sslmode=verify-ca&sslrootcert=/etc/ca.pem&connect_timeout=3"
        "&options=-c%20statement_timeout%3D5s&application_name=bot"
    )
    _, arguments = postgres_arguments(make_url(async_url(given)))
    assert parse_qs(urlsplit(str(arguments["dsn"])).query) == {
        "sslmode": ["verify-ca"],
        "sslrootcert": ["/etc/ca.pem"],
    }
    assert arguments["timeout"] == 3
    assert arguments["server_settings"] == {
        "options": "-c statement_timeout=5s",
        "application_name": "bot",
    }


def test_authorities_that_browsers_trust_do_for_a_verified_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("PGSSLROOTCERT", raising=False)
    for query in ("sslmode=verify-full", "sslrootcert=system"):
        _, arguments = postgres_arguments(make_url(async_url(f"postgresql://h/d?{query}")))
        assert arguments == {"ssl": True}


async def test_what_nobody_knows_is_named_and_ignored(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with await SqlJournal.open(f"sqlite:///{tmp_path}/journal.db?mode=x&timeout=3"):
        assert "nothing is known of mode, timeout" in caplog.text


async def test_a_path_may_have_any_characters(tmp_path: Path) -> None:
    path = tmp_path / "100% ?a=b #1 ü" / "journal.db"
    async with await SqlJournal.open(sqlite_address(path)):
        assert path.exists()


# ------------------------------------------------------------------ a file that cannot be used


def _no_database(path: Path) -> None:
    path.write_text("these are not the tables you are looking for" * 99)


def _torn(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)


def _overwritten(path: Path) -> None:
    size_bytes = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(bytes(size_bytes - 4096))


def _a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_no_database, "the journal could not be opened: file is not a database"),
        (_torn, "the journal's file is damaged: database disk image is malformed"),
        (_overwritten, "the journal's file is damaged: "),
        (_a_folder, "the journal could not be opened: unable to open database file"),
    ],
)
async def test_a_file_that_cannot_be_used(
    tmp_path: Path, spoil: Callable[[Path], None], said: str
) -> None:
    path = tmp_path / "journal.db"
    await (await SqlJournal.open(sqlite_address(path))).close()
    await asyncio.to_thread(spoil, path)
    assert (await _refusal(sqlite_address(path))).startswith(said)


async def test_a_file_that_another_program_keeps_locked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.journal.database._LOCK_WAIT_S", 0.1)
    path = tmp_path / "journal.db"
    await (await SqlJournal.open(sqlite_address(path))).close()
    other = sqlite3.connect(path)
    other.execute("BEGIN IMMEDIATE")
    try:
        said = await _refusal(sqlite_address(path))
    finally:
        other.close()
    assert said == "the journal could not be opened: database is locked"


# ------------------------------------------------------------------ a server that refuses


Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def a_server(serve: Serve) -> AsyncGenerator[int]:
    """Something that listens on loopback; its port."""
    serving: set[asyncio.Task[None]] = set()

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.add(cast("asyncio.Task[None]", asyncio.current_task()))
        try:
            await serve(reader, writer)
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    server = await asyncio.start_server(served, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
    # Who gave up on an answer may not have hung up.
    for task in serving:
        task.cancel()
    await asyncio.gather(*serving, return_exceptions=True)


def refusing(sqlstate: str, message: str) -> Serve:
    """A PostgreSQL server that refuses every login like this."""
    fields = {"S": "FATAL", "V": "FATAL", "C": sqlstate, "M": message}
    body = b"".join(k.encode() + v.encode() + b"\0" for k, v in fields.items()) + b"\0"

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        (length,) = struct.unpack("!i", await reader.readexactly(4))
        await reader.readexactly(length - 4)
        writer.write(b"E" + struct.pack("!i", len(body) + 4) + body)
        await writer.drain()

    return serve


async def _refusal(url: str) -> str:
    with pytest.raises(JournalError) as caught:
        await (await SqlJournal.open(url)).close()
    said = str(caught.value)
    assert not CLASS_NAME.search(said), said
    assert "hunter2" not in said
    assert "\n" not in said
    return said


@pytest.mark.parametrize(
    ("sqlstate", "said"),
    [
        ("28P01", 'password authentication failed for user "bot"'),
        ("3D000", 'database "music" does not exist'),
        ("28000", 'no pg_hba.conf entry for host "10.0.0.7", user "bot", no encryption'),
        ("08P01", "unsupported startup parameter: options"),
    ],
)
async def test_a_server_that_refuses_says_why(sqlstate: str, said: str) -> None:
    async with a_server(refusing(sqlstate, said)) as port:
        address = f"postgresql://bot:hunter2@127.0.0.1:{port}/music?sslmode=disable"
        assert await _refusal(address) == f"the journal could not be opened: {said}"


@pytest.mark.parametrize("sqlstate", ["57P03", "53300"])
async def test_a_server_that_is_still_starting_is_worth_a_wait(sqlstate: str) -> None:
    async with a_server(refusing(sqlstate, "the database system is starting up")) as port:
        with pytest.raises(JournalNotReady, match="starting up"):
            await SqlJournal.open(f"postgresql://bot@127.0.0.1:{port}/music?sslmode=disable")


async def _hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def test_a_server_that_is_not_there_or_says_nothing() -> None:
    assert await _refusal("postgres://bot:hunter2@127.0.0.1:1/music") == (
        "the journal could not be opened: Connection refused"
    )
    async with a_server(_hang) as port:
        address = (
            f"postgresql://bot:hunter2@127.0.0.1:{port}/music?sslmode=disable&connect_timeout=1"
        )
        assert await _refusal(address) == "the journal could not be opened: no answer in time"


async def test_of_several_hosts_the_one_that_answers_is_asked() -> None:
    async with a_server(refusing("28P01", "no")) as port:
        address = f"postgresql://bot@127.0.0.1:1,127.0.0.1:{port}/music?sslmode=disable"
        assert await _refusal(address) == "the journal could not be opened: no"


async def test_a_host_that_can_be_none() -> None:
    said = await _refusal(f"postgres://bot:hunter2@{'a' * 70}/music")
    assert said == "the journal could not be opened: its name cannot be one of a host"


@pytest.mark.parametrize("name", ["sslrootcert", "sslcert", "sslkey", "sslcrl"])
async def test_a_file_for_tls_that_is_not_there_is_named_and_not_waited_for(name: str) -> None:
    address = f"postgres://bot:hunter2@127.0.0.1:1/music?sslmode=verify-full&{name}=/away.pem"
    with pytest.raises(JournalError) as caught:
        await SqlJournal.open(address)
    assert not isinstance(caught.value, JournalNotReady)
    assert str(caught.value) == f"its {name} is no file that can be read: /away.pem"


async def test_a_database_that_may_only_be_read(postgres_url: str) -> None:
    await execute(postgres_url, "DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
    await (await SqlJournal.open(postgres_url)).close()
    read_only = f"{postgres_url}&options=-c%20default_transaction_read_only%3Don"
    assert "in a read-only transaction" in await _refusal(read_only)


# ------------------------------------------------------------------ behind a PgBouncer


@asynccontextmanager
async def names_on_the_wire(postgres_url: str, names: list[bytes]) -> AsyncGenerator[str]:
    """The address of a proxy in front of the server, which notes each prepared statement's name."""
    socket_folder = parse_qs(urlsplit(postgres_url).query)["host"][0]

    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        kind = b""
        while header := await reader.read(4 + len(kind)):
            header += await reader.readexactly(4 + len(kind) - len(header))
            (length,) = struct.unpack("!i", header[len(kind) :])
            body = await reader.readexactly(length - 4)
            if header[: len(kind)] == b"P":
                names.append(body.partition(b"\0")[0])
            # Only the first message, with the parameters of the start, has no kind.
            kind = b"."
            writer.write(header + body)
            await writer.drain()
        writer.close()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while some := await reader.read(65536):
            writer.write(some)
            await writer.drain()
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server = await asyncio.open_unix_connection(f"{socket_folder}/.s.PGSQL.5432")
        try:
            await asyncio.gather(forward(reader, server[1]), answer(server[0], writer))
        finally:
            writer.close()
            server[1].close()
            await server[1].wait_closed()

    async with a_server(serve) as port:
        yield f"postgresql://postgres@127.0.0.1:{port}/postgres?sslmode=disable"


async def test_no_statement_has_a_name_that_a_pooler_could_mix_up(postgres_url: str) -> None:
    """In transaction mode each transaction may meet another's statements, or miss its own."""
    await execute(postgres_url, "DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
    names: list[bytes] = []
    async with names_on_the_wire(postgres_url, names) as url:
        for _ in range(2):
            async with await SqlJournal.open(url) as journal:
                generations = await added(journal, 3)
                await asyncio.gather(*(journal.get(generation.id) for generation in generations))
                await journal.renew(20.0, [generation.id for generation in generations])
                await journal.claim(20.0)
    assert len(names) > 10
    assert set(names) == {b""}
