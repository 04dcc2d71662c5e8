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
    JsonValue,
    ValidationError,
    model_validator,
)
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
    FineTunes,
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
    problem,
    unquoted,
)


def _unset(words: str) -> dict[str, JsonValue]:
    """What holds where it is not set, where the default itself does not say so."""
    return {"unset": words}


class Settings(BaseModel):
    """Everything that can be set from outside. Each field's alias is its variable's name.

    The README's table is made of these fields, in their order (`tests/unit/test_readme.py`).
    """

    model_config = ConfigDict(frozen=True, populate_by_name=True, hide_input_in_errors=True)

    discord_token: Token = Field(alias="DISCORD_TOKEN", description="the bot's token")
    replicate_api_token: Token = Field(
        alias="REPLICATE_API_TOKEN", description="the API token of the account that pays"
    )
    data_folder: Folder = Field(
        default=Path("data"),
        alias="DATA_FOLDER",
        description=(
            "where the journal and unfinished tracks are kept, readable by the bot's user alone"
        ),
    )
    database_url: DatabaseAddress | None = Field(
        default=None,
        alias="DATABASE_URL",
        repr=False,
        description="the journal: `sqlite:///path` or `postgresql://…`",
        json_schema_extra=_unset("a file in the data folder"),
    )
    musicgen_model: Model = Field(
        default="meta/musicgen",
        alias="MUSICGEN_MODEL",
        description="another model with MusicGen's inputs, such as a fine-tune",
    )
    musicgen_version: Version = Field(
        default=SPEC_VERSION,
        alias="MUSICGEN_VERSION",
        description="the 64-digit id of its version",
        json_schema_extra=_unset(f"{SPEC_VERSION[:8]}…"),
    )
    fine_tunes: FineTunes = Field(
        default=(),
        alias="FINE_TUNES",
        description="fine-tunes that a preset may name, as `lofi=owner/model:version, …`",
        json_schema_extra=_unset("none"),
    )
    replicate_max_requests_per_minute: Annotated[Whole, Field(ge=30, le=3000)] = Field(
        default=2400,
        alias="REPLICATE_MAX_REQUESTS_PER_MINUTE",
        description=(
            "how many of Replicate's 3000 requests a minute may be used; creates, which have a "
            "limit of 600, are kept to as many and to 540"
        ),
    )
    max_running: Annotated[Whole, Field(ge=1, le=10_000)] = Field(
        default=10_000,
        alias="MAX_RUNNING",
        description=("how many predictions of one process may run at once; the rest wait in line"),
    )
    max_running_per_user: Annotated[Whole, Field(ge=1, le=1000)] = Field(
        default=4,
        alias="MAX_RUNNING_PER_USER",
        description="how many of them may be one person's",
    )
    limit_per_user: Amounts = Field(
        default=(),
        alias="LIMIT_PER_USER",
        description=(
            "how much one person may have made: "
            "amounts like `20 tracks/day, 600 s/day, 3 usd/month`"
        ),
        json_schema_extra=_unset("no limit"),
    )
    limit_per_server: Amounts = Field(
        default=(),
        alias="LIMIT_PER_SERVER",
        description="the same for one server",
        json_schema_extra=_unset("no limit"),
    )
    limit_total: Amounts = Field(
        default=(),
        alias="LIMIT_TOTAL",
        description="the same for all together",
        json_schema_extra=_unset("no limit"),
    )
    max_waiting_per_user: Annotated[Whole, Field(ge=1)] = Field(
        default=10,
        alias="MAX_WAITING_PER_USER",
        description="how many of one person's may wait in line",
    )
    allow_servers: Ids | None = Field(
        default=None,
        alias="ALLOW_SERVERS",
        description="ids of servers in which everyone may use the bot, and nobody in others",
        json_schema_extra=_unset("all"),
    )
    allow_users: Ids | None = Field(
        default=None,
        alias="ALLOW_USERS",
        description="ids of people who may use it anywhere, and nobody else but in those servers",
        json_schema_extra=_unset("all"),
    )
    price_per_second_micro_usd: MicroUsd = Field(
        default=PRICE_PER_SECOND_MICRO_USD,
        alias="PRICE_PER_SECOND_USD",
        description="what Replicate bills for a second of the model's time",
        json_schema_extra=_unset(f"{PRICE_PER_SECOND_MICRO_USD / 1_000_000:g}"),
    )
    tracks_max_mb: Annotated[Whole, Field(ge=10)] = Field(
        default=1000,
        alias="TRACKS_MAX_MB",
        description=(
            "room for all files in the data folder but the journal: tracks until they are "
            "delivered, pieces being extended, input audio"
        ),
    )
    tracks_max_mb_per_user: Annotated[Whole, Field(ge=5)] | None = Field(
        default=None,
        alias="TRACKS_MAX_MB_PER_USER",
        description="how much of that one person's may take before it is paid for",
        json_schema_extra=_unset("a quarter of it"),
    )
    shard_ids: Numbers | None = Field(
        default=None,
        alias="SHARD_IDS",
        description="the shards of this process, e.g. `0,1`",
        json_schema_extra=_unset("all"),
    )
    shard_count: Annotated[Whole, Field(ge=1)] | None = Field(
        default=None,
        alias="SHARD_COUNT",
        description="of how many they are, e.g. 4",
        json_schema_extra=_unset("as many as Discord wants"),
    )
    allow_private_addresses: bool = Field(
        default=False,
        alias="ALLOW_PRIVATE_ADDRESSES",
        description=(
            "1 also fetches input audio from this machine and private networks, for anyone who "
            "names an address there: for trying things out"
        ),
        json_schema_extra=_unset("0"),
    )
    log_level: Level = Field(
        default="INFO", alias="LOG_LEVEL", description="DEBUG, INFO, WARNING, ERROR"
    )
    replicate_base_url: HttpAddress = Field(
        default="https://api.replicate.com",
        alias="REPLICATE_BASE_URL",
        description=(
            "another address of the API; where it is a plain-http one, outputs may be so too"
        ),
    )
    discord_base_url: HttpAddress = Field(
        default="https://discord.com",
        alias="DISCORD_BASE_URL",
        description="another address of Discord's API, such as a REST proxy",
    )
    https_proxy: ProxyAddress | None = Field(
        default=None,
        alias="HTTPS_PROXY",
        repr=False,
        description="the proxy to reach https addresses by, as curl has it; of plain http only",
        json_schema_extra=_unset("none"),
    )
    http_proxy: ProxyAddress | None = Field(
        default=None,
        alias="HTTP_PROXY",
        repr=False,
        description="the same for http addresses",
        json_schema_extra=_unset("none"),
    )
    no_proxy: str = Field(
        default="",
        alias="NO_PROXY",
        description="the hosts to reach without one, as curl has them",
        json_schema_extra=_unset("none"),
    )

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
                problem("".join(map(str, fault["loc"][:1])), fault["type"], fault)
                for fault in faults
            )
            raise ConfigError((*control, *problems)) from None
        if control:
            raise ConfigError(tuple(control))
        return settings


_IN_SMALL_LETTERS = ("HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY")
