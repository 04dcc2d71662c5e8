"""The environment and `.env` -> one frozen `Settings`; every problem is reported at once."""

from __future__ import annotations

import logging
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails
from yarl import URL

from bot.community.limits import (
    PRICE_PER_SECOND_MICRO_USD,
    Allowed,
    Limits,
)
from bot.domain.errors import ConfigError
from bot.journal import Terms, sqlite_address
from bot.network.proxies import Proxies
from bot.settings_values import (
    SPEC_VERSION,
    Amounts,
    DatabaseAddress,
    Folder,
    HttpAddress,
    Ids,
    Level,
    MicroUsd,
    Model,
    Numbers,
    ProxyAddress,
    Token,
    Version,
    Whole,
    unquoted,
)


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
    data_folder: Folder = Field(default=Path("data"), alias="DATA_FOLDER")
    database_url: DatabaseAddress | None = Field(default=None, alias="DATABASE_URL", repr=False)
    musicgen_model: Model = Field(default="meta/musicgen", alias="MUSICGEN_MODEL")
    musicgen_version: Version = Field(default=SPEC_VERSION, alias="MUSICGEN_VERSION")
    log_level: Level = Field(default="INFO", alias="LOG_LEVEL")
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
    price_per_second_micro_usd: MicroUsd = Field(
        default=PRICE_PER_SECOND_MICRO_USD, alias="PRICE_PER_SECOND_USD"
    )
    shard_count: Annotated[Whole, Field(ge=1)] | None = Field(default=None, alias="SHARD_COUNT")
    shard_ids: Numbers | None = Field(default=None, alias="SHARD_IDS")

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
