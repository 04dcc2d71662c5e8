"""The environment and `.env` -> one frozen `Settings`; every problem is reported at once."""

from __future__ import annotations

import logging
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails
from yarl import URL

from bot.community.limits import (
    PRICE_PER_SECOND_MICRO_USD,
    Allowed,
    Amount,
    Limits,
    decimal,
    parse_amounts,
)
from bot.domain.errors import ConfigError
from bot.journal import Terms, async_url, sqlite_address
from bot.network.http_address import http_address
from bot.network.proxies import Proxies, proxy_address

SPEC_VERSION = "671ac645ce5e552cc63a54a2bbff63fcf798043055d2dac5fc9e36a837eedcfb"
"""The MusicGen version of the specification."""


_QUOTES = {'"': '"', "'": "'", "“": "”", "‘": "’"}


def unquoted(text: str) -> str:
    """A value without the white space around it, and without quotes that only surround it.

    A shell takes them away; `docker --env-file`, systemd and some panels do not.
    """
    text = text.strip().strip("\ufeff\u200b").strip()
    if len(text) > 1 and _QUOTES.get(text[0]) == text[-1]:
        return text[1:-1].strip()
    return text


def _http_address(text: str) -> str:
    try:
        return str(http_address(text)).rstrip("/")
    except ValueError:
        raise ValueError("must be an http(s) address") from None


def _database_address(text: str) -> str:
    async_url(text)
    return text


def _level(text: str) -> str:
    if text.upper() not in {"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"}:
        raise ValueError("must be one of DEBUG, INFO, WARNING, ERROR, CRITICAL")
    return text.upper()


def _model(text: str) -> str:
    owner, slash, name = text.partition("/")
    if not (owner and slash and name) or "/" in name:
        raise ValueError("must be owner/name, e.g. meta/musicgen")
    return text


def _version(text: str) -> str:
    is_hex = all(letter in "0123456789abcdef" for letter in text)
    if len(text) != len(SPEC_VERSION) or not is_hex:
        raise ValueError("must be the 64 hexadecimal digits of a version's id")
    return text


def _numbers(value: object) -> object:
    """`0,1,2` -> (0, 1, 2)."""
    if not isinstance(value, str):
        return value
    parts = [part.strip() for part in value.split(",") if part.strip()]
    if not parts or not all(part.isascii() and part.isdigit() for part in parts):
        raise ValueError("must be numbers like 0,1,2")
    return tuple(sorted({int(part) for part in parts}))


def _ids(value: object) -> object:
    """`1234, 5678` -> {1234, 5678}."""
    if not isinstance(value, str):
        return value
    parts = value.replace(",", " ").split()
    if not parts or not all(part.isascii() and part.isdigit() for part in parts):
        raise ValueError("must be Discord's ids like 1234,5678")
    return frozenset(map(int, parts))


def _amounts(value: object) -> object:
    return parse_amounts(value) if isinstance(value, str) else value


def _micro_usd(value: object) -> object:
    return decimal(value, 6) if isinstance(value, str) else value


def _whole(value: object) -> object:
    """`1 000` -> 1000."""
    if not isinstance(value, str):
        return value
    digits = "".join(value.split())
    if not digits.isascii() or not digits.removeprefix("-").isdigit():
        raise ValueError("must be a whole number")
    return int(digits)


def _token(value: object) -> object:
    if isinstance(value, str):
        if any(letter.isspace() for letter in value):
            raise ValueError("must not contain white space")
        if not value.isascii() or not value.isprintable():
            raise ValueError("must be plain letters, digits and signs; copy it again")
    return value


def _folder(path: Path) -> Path:
    try:
        return path.expanduser()
    except RuntimeError:
        raise ValueError("names a home folder that is not known; give the whole path") from None


Token = Annotated[SecretStr, BeforeValidator(_token)]
HttpAddress = Annotated[str, AfterValidator(_http_address)]
ProxyAddress = Annotated[str, AfterValidator(proxy_address)]
Whole = Annotated[int, BeforeValidator(_whole)]
Amounts = Annotated[tuple[Amount, ...], BeforeValidator(_amounts)]
Ids = Annotated[frozenset[int], BeforeValidator(_ids)]


class Settings(BaseModel):
    """Everything that can be set from outside. Each field's alias is its variable's name."""

    model_config = ConfigDict(frozen=True, populate_by_name=True, hide_input_in_errors=True)

    discord_token: Token = Field(alias="DISCORD_TOKEN")
    replicate_api_token: Token = Field(alias="REPLICATE_API_TOKEN")
    replicate_base_url: HttpAddress = Field(
        default="https://api.replicate.com", alias="REPLICATE_BASE_URL"
    )
    discord_base_url: HttpAddress = Field(default="https://discord.com", alias="DISCORD_BASE_URL")
    allow_private_addresses: bool = Field(default=False, alias="ALLOW_PRIVATE_ADDRESSES")
    data_folder: Annotated[Path, AfterValidator(_folder)] = Field(
        default=Path("data"), alias="DATA_FOLDER"
    )
    database_url: Annotated[str, AfterValidator(_database_address)] | None = Field(
        default=None, alias="DATABASE_URL", repr=False
    )
    musicgen_model: Annotated[str, AfterValidator(_model)] = Field(
        default="meta/musicgen", alias="MUSICGEN_MODEL"
    )
    musicgen_version: Annotated[str, AfterValidator(_version)] = Field(
        default=SPEC_VERSION, alias="MUSICGEN_VERSION"
    )
    log_level: Annotated[str, AfterValidator(_level)] = Field(default="INFO", alias="LOG_LEVEL")
    replicate_max_requests_per_minute: Annotated[Whole, Field(ge=30, le=3000)] = Field(
        default=2400, alias="REPLICATE_MAX_REQUESTS_PER_MINUTE"
    )

    max_running: Annotated[Whole, Field(ge=1, le=10_000)] = Field(
        default=10_000, alias="MAX_RUNNING"
    )
    max_running_per_user: Annotated[Whole, Field(ge=1, le=1000)] = Field(
        default=4, alias="MAX_RUNNING_PER_USER"
    )
    tracks_max_mb: Annotated[Whole, Field(ge=10)] = Field(default=1000, alias="TRACKS_MAX_MB")
    tracks_max_mb_per_user: Annotated[Whole, Field(ge=5)] | None = Field(
        default=None, alias="TRACKS_MAX_MB_PER_USER"
    )
    limit_per_user: Amounts = Field(default=(), alias="LIMIT_PER_USER")
    limit_per_server: Amounts = Field(default=(), alias="LIMIT_PER_SERVER")
    limit_total: Amounts = Field(default=(), alias="LIMIT_TOTAL")
    max_waiting_per_user: Annotated[Whole, Field(ge=1)] = Field(
        default=10, alias="MAX_WAITING_PER_USER"
    )
    allow_servers: Ids | None = Field(default=None, alias="ALLOW_SERVERS")
    allow_users: Ids | None = Field(default=None, alias="ALLOW_USERS")
    price_per_second_micro_usd: Annotated[int, BeforeValidator(_micro_usd)] = Field(
        default=PRICE_PER_SECOND_MICRO_USD, alias="PRICE_PER_SECOND_USD"
    )
    shard_count: Annotated[Whole, Field(ge=1)] | None = Field(default=None, alias="SHARD_COUNT")
    shard_ids: Annotated[tuple[int, ...], BeforeValidator(_numbers)] | None = Field(
        default=None, alias="SHARD_IDS"
    )

    https_proxy: ProxyAddress | None = Field(default=None, alias="HTTPS_PROXY", repr=False)
    http_proxy: ProxyAddress | None = Field(default=None, alias="HTTP_PROXY", repr=False)
    no_proxy: str = Field(default="", alias="NO_PROXY")

    @model_validator(mode="after")
    def _shards_fit(self) -> Settings:
        if self.shard_ids is None:
            return self
        if self.shard_count is None or max(self.shard_ids) >= self.shard_count:
            raise ValueError("SHARD_IDS must be smaller than SHARD_COUNT, which it needs")
        return self

    @property
    def terms(self) -> Terms:
        """What keeps requests out, and what they cost."""
        limits = Limits(
            self.limit_per_user, self.limit_per_server, self.limit_total, self.max_waiting_per_user
        )
        return Terms(limits, self.price_per_second_micro_usd)

    @property
    def allowed(self) -> Allowed:
        """Who may use this bot at all."""
        return Allowed(self.allow_servers, self.allow_users)

    @property
    def owner(self) -> str:
        """This process's name among those that share the database; the same after a restart."""
        if self.shard_ids is None:
            return "all"
        return f"shards {','.join(map(str, self.shard_ids))} of {self.shard_count}"

    @property
    def is_local(self) -> bool:
        """Whether the API is a plain-http one, as on a developer's machine.

        Only then are outputs over plain http accepted.
        """
        return URL(self.replicate_base_url).scheme == "http"

    @property
    def proxies(self) -> Proxies:
        """Which proxy leads where."""
        return Proxies(self.https_proxy, self.http_proxy, self.no_proxy)

    @property
    def tracks_max_bytes(self) -> int:
        """Room for all files of the data folder but the journal's."""
        return self.tracks_max_mb * 1_000_000

    @property
    def tracks_max_bytes_per_user(self) -> int:
        """What of it one person's may take: a quarter where nothing is set, and 10 MB at least."""
        share_mb = self.tracks_max_mb_per_user
        if share_mb is None:
            share_mb = max(10, self.tracks_max_mb // 4)
        return min(share_mb, self.tracks_max_mb) * 1_000_000

    @property
    def journal_url(self) -> str:
        """The database of the journal: `DATABASE_URL`, else a file in the data folder."""
        return self.database_url or sqlite_address(self.data_folder / "musicgen.sqlite3")

    @property
    def log_level_number(self) -> int:
        """The level as `logging` counts it."""
        return logging.getLevelNamesMapping()[self.log_level]

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Settings:
        """Read the settings; an empty variable counts as unset.

        Raises:
            ConfigError: with one sentence for each problem; no value is quoted.
        """
        values = {name: unquoted(text) for name, text in env.items()}
        for name in _IN_SMALL_LETTERS:
            # As curl and others have them.
            values[name] = values.get(name) or values.get(name.lower(), "")
        values = {name: text for name, text in values.items() if text}
        control = [
            f"{field.alias} contains a character that cannot be seen; type it again"
            for field in cls.model_fields.values()
            if any(unicodedata.category(sign) == "Cc" for sign in values.get(field.alias or "", ""))
        ]
        try:
            settings = cls.model_validate(values)
        except ValidationError as error:
            faults = error.errors(include_url=False, include_input=False)
            problems = tuple(
                _problem("".join(map(str, fault["loc"][:1])), fault["type"], fault)
                for fault in faults
            )
            raise ConfigError((*control, *problems)) from None
        if control:
            raise ConfigError(tuple(control))
        return settings


_IN_SMALL_LETTERS = ("HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY")
_WHERE = {
    "DISCORD_TOKEN": "the bot's token from the Discord developer portal, page Bot",
    "REPLICATE_API_TOKEN": "an API token from replicate.com, account settings",
}


_BOUNDS = {"greater_than_equal": ("ge", "at least"), "less_than_equal": ("le", "at most")}


def _problem(name: str, kind: str, fault: ErrorDetails) -> str:
    message = fault["msg"].removeprefix("Value error, ")
    if not name:
        return message
    if kind == "missing":
        return f"{name} is not set: {_WHERE[name]}"
    if kind in _BOUNDS:
        key, words = _BOUNDS[kind]
        message = f"must be {words} {fault.get('ctx', {})[key]}"
    if kind == "bool_parsing":
        message = "must be 1 or 0"
    return f"{name}: {message}"
