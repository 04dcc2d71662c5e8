"""What can be set from outside: each variable's name, kind, bounds, default and meaning."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from bot.community.limits import PRICE_PER_SECOND_MICRO_USD
from bot.jam.take_limits import TAKES_MAX, TakeLimits
from bot.settings_values import (
    SPEC_VERSION,
    Amounts,
    DatabaseAddress,
    FineTunes,
    Folder,
    Format,
    HttpAddress,
    HttpAddresses,
    Ids,
    JamAmounts,
    Level,
    MicroUsd,
    Model,
    Numbers,
    ProxyAddress,
    PublicAddress,
    SentryProject,
    Token,
    Version,
    Whole,
)


def _unset(words: str) -> dict[str, JsonValue]:
    """What holds where it is not set, where the default itself does not say so."""
    return {"unset": words}


class SettingsFields(BaseModel):
    """Everything that can be set from outside. Each field's alias is its variable's name.

    The README's table is made of these fields, in their order (`tests/unit/test_readme.py`).
    """

    model_config = ConfigDict(frozen=True, populate_by_name=True, hide_input_in_errors=True)

    discord_token: Token = Field(alias="DISCORD_TOKEN", description="the bot's token")
    replicate_api_token: Token = Field(
        alias="REPLICATE_API_TOKEN",
        description="the API token of the account that pays; not needed with `COG_URL`",
    )
    cog_urls: HttpAddresses = Field(
        default=(),
        alias="COG_URL",
        description=(
            "servers of your own that make the music instead of Replicate, as "
            "`http://127.0.0.1:5000, …`"
        ),
        json_schema_extra=_unset("none"),
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
    auto_migrate: bool = Field(
        default=True,
        alias="AUTO_MIGRATE",
        description=(
            "0 leaves a database as it is at the start, and needs `python -m bot migrate` before it"
        ),
        json_schema_extra=_unset("1"),
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
        description=(
            "how many predictions of one process may run at once; the rest wait in line. With "
            "`COG_URL`, unless set, as many as there are servers"
        ),
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
    limit_per_jam: JamAmounts = Field(
        default=(),
        alias="LIMIT_PER_JAM",
        description="the same for one jam, where `40 tracks` is for as long as it goes on",
        json_schema_extra=_unset("no limit"),
    )
    jam_takes_per_user: Annotated[Whole, Field(ge=1, le=TAKES_MAX)] = Field(
        default=TakeLimits().per_person,
        alias="JAM_TAKES_PER_USER",
        description=(
            "how many takes one person may propose in a round of a jam, unless who begins it says"
        ),
    )
    jam_takes_per_round: Annotated[Whole, Field(ge=1, le=TAKES_MAX)] = Field(
        default=TakeLimits().per_round,
        alias="JAM_TAKES_PER_ROUND",
        description=f"how many all together may propose in a round; no more than {TAKES_MAX}",
    )
    max_waiting_per_user: Annotated[Whole, Field(ge=1)] = Field(
        default=10,
        alias="MAX_WAITING_PER_USER",
        description="how many of one person's may wait in line, beyond those that begin at once",
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
        description=(
            "what a second of the model's time costs: Replicate's price; with `COG_URL`, unless "
            "set, nothing"
        ),
        json_schema_extra=_unset(f"{PRICE_PER_SECOND_MICRO_USD / 1_000_000:g}"),
    )
    tracks_max_mb: Annotated[Whole, Field(ge=10)] = Field(
        default=1000,
        alias="TRACKS_MAX_MB",
        description=(
            "room for all files in the data folder but the journal: tracks until they are "
            "delivered, pieces being extended, input audio, what loops and ZIPs are made of"
        ),
    )
    tracks_max_mb_per_user: Annotated[Whole, Field(ge=5)] | None = Field(
        default=None,
        alias="TRACKS_MAX_MB_PER_USER",
        description="how much of that one person's may take before it is paid for",
        json_schema_extra=_unset("a quarter of it"),
    )
    keep_rows_days: Annotated[Whole, Field(ge=1, le=36_500)] | None = Field(
        default=None,
        alias="KEEP_ROWS_DAYS",
        description=(
            "after how many days a request that has ended is forgotten, but for tracks with a star "
            "and what was made in a jam; its card's buttons work no more then"
        ),
        json_schema_extra=_unset("never"),
    )
    keep_tracks_hours: Annotated[Whole, Field(ge=1, le=8760)] = Field(
        default=2,
        alias="KEEP_TRACKS_HOURS",
        description=(
            "after how many hours a track's file that belongs to no request under way is deleted; "
            "what waits for its person stays, and what is delivered goes at once"
        ),
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
    log_format: Format | None = Field(
        default=None,
        alias="LOG_FORMAT",
        description="`text`, or `json`: an object a line",
        json_schema_extra=_unset("text on a terminal, else json"),
    )
    sentry_dsn: SentryProject | None = Field(
        default=None,
        alias="SENTRY_DSN",
        repr=False,
        description=(
            "a project at Sentry that faults are sent to: where in the code, and under which "
            "reference; needs the extra `sentry`"
        ),
        json_schema_extra=_unset("none"),
    )
    port: Annotated[Whole, Field(ge=1, le=65_535)] | None = Field(
        default=None,
        alias="PORT",
        description="where `/livez`, `/healthz` and `/metrics` answer over HTTP",
        json_schema_extra=_unset("nowhere"),
    )
    public_url: PublicAddress | None = Field(
        default=None,
        alias="PUBLIC_URL",
        description=(
            "the https address that leads to `PORT` from outside: Replicate pushes there what "
            "happens, and is asked for less"
        ),
        json_schema_extra=_unset("none"),
    )
    cog_webhook_url: HttpAddress | None = Field(
        default=None,
        alias="COG_WEBHOOK_URL",
        description=(
            "the http(s) address at which the servers of `COG_URL` reach `PORT`, where it is not "
            "that of this machine"
        ),
        json_schema_extra=_unset("found out"),
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
