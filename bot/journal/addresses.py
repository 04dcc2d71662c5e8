"""Database addresses, as people and hosts write them: an SQLite file, or a PostgreSQL server."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

_SQLITE = "sqlite+aiosqlite"
_POSTGRES = "postgresql+asyncpg"
_DRIVERS = {
    "sqlite": _SQLITE,
    _SQLITE: _SQLITE,
    "postgres": _POSTGRES,
    "postgresql": _POSTGRES,
    _POSTGRES: _POSTGRES,
}
_TLS_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_TLS_WORDS = {
    # As drivers of other languages write it.
    **dict.fromkeys(("true", "1", "on", "yes", "no-verify"), "require"),
    **dict.fromkeys(("false", "0", "off", "no"), "disable"),
}
_TLS_SYNONYMS = ("ssl", "requiressl", "tls")
_TLS_FILES = ("sslrootcert", "sslcert", "sslkey", "sslcrl")
_SESSIONS = ("any", "primary", "read-write", "prefer-standby")
"""Of asyncpg's `target_session_attrs` those that lead to a server which can be written."""
_DRIVERS_OWN = frozenset(
    {
        *("sslmode", "sslcert", "sslkey", "sslrootcert", "sslcrl", "sslpassword", "sslnegotiation"),
        *("ssl_min_protocol_version", "ssl_max_protocol_version", "target_session_attrs"),
        *("passfile", "service", "krbsrvname", "gsslib"),
    }
)
"""What asyncpg takes in an address (asyncpg 0.32, `connect_utils`), spelled as libpq does."""
_SERVER_SETTINGS = frozenset(
    {
        *("application_name", "options", "search_path", "statement_timeout", "lock_timeout"),
        *("idle_in_transaction_session_timeout", "timezone", "jit"),
    }
)
"""What is the server's to know."""
_SYNONYMS = {
    "database": "dbname",
    "fallback_application_name": "application_name",
    # Prisma and JDBC.
    "schema": "search_path",
    "currentschema": "search_path",
}
_KEPT = _DRIVERS_OWN | _SERVER_SETTINGS | {"connect_timeout", "host", "port"}
_UNDERSTOOD = _KEPT | {*_TLS_SYNONYMS, *_SYNONYMS, "user", "password", "dbname"}
_WITHOUT_MEANING = frozenset(
    {
        # No named statement is ever used, which is what these ask for.
        *("pgbouncer", "prepared_statements", "prepared_statement_cache_size"),
        *("statement_cache_size", "preparethreshold"),
        # libpq's own business with its sockets, and what asyncpg does anyway.
        *("channel_binding", "gssencmode", "client_encoding", "keepalives", "keepalives_idle"),
        *("keepalives_interval", "keepalives_count", "tcp_user_timeout", "sslcompression"),
        *("sslsni", "sslcertmode", "require_auth", "load_balance_hosts", "uselibpqcompat"),
        # Sizes of other libraries' pools, and a note of Vercel's.
        *("connection_limit", "pool_timeout", "pool_size", "max_overflow", "supa", "workaround"),
    }
)


_MANY_HOSTS = re.compile(r"^(postgres[\w+]*://(?:[^/?#]*@)?)([^/?#@,]+,[^/?#@]+)([^?#]*)\??")
"""Several hosts, as libpq has them: one that answers is taken. SQLAlchemy wants parameters."""
_PORT = 5432


def _as_parameters(found: re.Match[str]) -> str:
    hosts = [one if ":" in one else f"{one}:{_PORT}" for one in found[2].split(",")]
    return f"{found[1]}{found[3]}?{''.join(f'host={one}&' for one in hosts)}"


def async_url(url: str) -> str:
    """A database address as people and platforms write it, with the driver the bot uses.

    Of its parameters those are left that have a meaning here, by libpq's names
    (postgresql.org, docs/18/libpq-connect). The same again gives the same.

    Raises:
        ValueError: it is neither an SQLite file nor a PostgreSQL database. The message does not
            repeat the address, which may hold a password.
    """
    parsed = _parsed(url)
    driver = _DRIVERS.get(parsed.drivername)
    if driver is None:
        raise ValueError(f"{parsed.drivername} is neither sqlite nor postgresql")
    parsed = parsed.set(drivername=driver)
    if driver == _SQLITE:
        is_file = parsed.database not in {None, "", ":memory:"} and not parsed.host
        if not is_file or str(parsed.database).endswith(("/", "\\")):
            raise ValueError("an SQLite database needs a file: sqlite:///path")
        parsed = parsed.set(query={})
    else:
        parsed = _postgres(parsed)
    return parsed.render_as_string(hide_password=False)


def sqlite_address(path: Path) -> str:
    """The address of a file, whatever characters its path has."""
    return URL.create("sqlite", database=str(path)).render_as_string()


def ignored_parameters(url: str) -> tuple[str, ...]:
    """The names of an address's parameters that nothing is known of, to be told once."""
    parsed = _parsed(url)
    if _DRIVERS.get(parsed.drivername) == _SQLITE:
        return tuple(parsed.query)
    known = _UNDERSTOOD | _WITHOUT_MEANING
    return tuple(name for name in parsed.query if name.lower() not in known)


def postgres_arguments(url: URL) -> tuple[URL, dict[str, Any]]:
    """An address from `async_url` as SQLAlchemy takes it, and asyncpg's arguments for the rest."""
    query = {name: _last(value) for name, value in url.query.items()}
    settings = {name: query[name] for name in _SERVER_SETTINGS & query.keys()}
    arguments: dict[str, Any] = {"server_settings": settings} if settings else {}
    if int(query.get("connect_timeout", "0")) > 0:
        arguments["timeout"] = int(query["connect_timeout"])
    own = {name: query[name] for name in sorted(_DRIVERS_OWN & query.keys())}
    if _wants_public_authorities(own):
        arguments["ssl"] = True
        own = {name: value for name, value in own.items() if not name.startswith("ssl")}
    if own:
        # asyncpg reads these from an address alone; what its other arguments say goes first.
        arguments["dsn"] = f"postgresql://?{urlencode(own)}"
    return url.difference_update_query(query.keys() - {"host", "port"}), arguments


def unreadable_files(url: URL) -> list[str]:
    """What an address from `async_url` names for TLS and is no file that can be read.

    The driver says of such a file that something is not there, and not what. Blocks.
    """
    named = [(name, _last(url.query[name])) for name in _TLS_FILES if name in url.query]
    return [
        f"its {name} is no file that can be read: {path}"
        for name, path in named
        if path not in {"", "system"} and not (Path(path).is_file() and os.access(path, os.R_OK))
    ]


def _parsed(url: str) -> URL:
    try:
        return make_url(_MANY_HOSTS.sub(_as_parameters, url.strip()))
    except (ArgumentError, ValueError):
        raise ValueError("not a database address") from None


def _postgres(url: URL) -> URL:
    """The address with its parameters understood."""
    query: dict[str, Any] = {}
    for name, value in url.query.items():
        key = _SYNONYMS.get(name.lower(), name.lower())
        if key in _TLS_SYNONYMS:
            query.setdefault("sslmode", _tls_mode(_last(value)))
        elif key == "sslmode":
            query[key] = _tls_mode(_last(value))
        elif key == "host":
            query[key] = value
        elif key == "port":
            query[key] = _ports(value)
        elif key == "target_session_attrs":
            query[key] = _session(_last(value))
        elif key == "connect_timeout":
            query[key] = _seconds(_last(value))
        elif key == "user":
            url = url.set(username=_last(value))
        elif key == "password":
            url = url.set(password=_last(value))
        elif key == "dbname":
            url = url.set(database=_last(value))
        elif key in _KEPT:
            query.setdefault(key, _last(value))
    return url.set(query=query)


def _tls_mode(value: str) -> str:
    mode = _TLS_WORDS.get(value.lower(), value.lower())
    if mode not in _TLS_MODES:
        raise ValueError(f"its sslmode must be one of {', '.join(_TLS_MODES)}")
    return mode


def _seconds(value: str) -> str:
    if not value.strip().isascii() or not value.strip().isdigit():
        raise ValueError("its connect_timeout must be a number of seconds")
    return value.strip()


def _ports(value: str | tuple[str, ...]) -> str | tuple[str, ...]:
    given = (value,) if isinstance(value, str) else value
    for port in ",".join(given).split(","):
        if port and not (port.isascii() and port.isdigit() and int(port) < 1 << 16):
            raise ValueError("its port must be a number below 65536")
    return value


def _session(value: str) -> str:
    if value not in _SESSIONS:
        raise ValueError(f"its target_session_attrs must be one of {', '.join(_SESSIONS)}")
    return value


def _wants_public_authorities(own: Mapping[str, str]) -> bool:
    """Whether the server's certificate is to be one of those that browsers trust.

    libpq's `sslrootcert=system`; and `verify-full` where no authority is named, for which libpq
    would want a file that hardly anybody has.
    """
    if own.get("sslrootcert") == "system":
        return True
    has_own = own.get("sslrootcert") or os.environ.get("PGSSLROOTCERT")
    default = Path.home() / ".postgresql" / "root.crt"
    return own.get("sslmode") == "verify-full" and not has_own and not default.exists()


def _last(value: str | tuple[str, ...]) -> str:
    return value if isinstance(value, str) else value[-1]
