"""The environment and `.env` -> one frozen `Settings`; every problem is reported at once."""

from __future__ import annotations

import logging
import unicodedata
from collections.abc import Mapping
from datetime import timedelta
from typing import Self

from pydantic import ValidationError, model_validator

from bot.community.limits import Allowed, Limits
from bot.community.lines import Places
from bot.domain.errors import ConfigError
from bot.jam.take_limits import TakeLimits
from bot.journal import Terms, sqlite_address
from bot.network.proxies import Proxies
from bot.settings_fields import SettingsFields
from bot.settings_values import problem, unquoted


class Settings(SettingsFields):
    """Everything that is set, and what follows from it."""

    @model_validator(mode="after")
    def _one_service(self) -> Self:
        if self.cog_urls and self.fine_tunes:
            raise ValueError("FINE_TUNES names models at Replicate, which COG_URL is instead of")
        if self.cog_urls and self.public_url is not None:
            raise ValueError("PUBLIC_URL is where Replicate pushes to, which COG_URL is instead of")
        return self

    @model_validator(mode="after")
    def _servers_reach_something(self) -> Self:
        if self.cog_webhook_url is not None and not (self.cog_urls and self.port is not None):
            raise ValueError("COG_WEBHOOK_URL is where the servers of COG_URL reach PORT: set both")
        return self

    @model_validator(mode="after")
    def _public_url_leads_somewhere(self) -> Self:
        if self.public_url is not None and self.port is None:
            raise ValueError("PUBLIC_URL needs PORT, the port that it leads to")
        return self

    @model_validator(mode="after")
    def _shards_fit(self) -> Self:
        if self.shard_ids is None:
            return self
        if self.shard_count is None or max(self.shard_ids) >= self.shard_count:
            raise ValueError("SHARD_IDS must be smaller than SHARD_COUNT, which it needs")
        return self

    @property
    def terms(self) -> Terms:
        """What keeps requests out, and what they cost."""
        limits = Limits(
            self.limit_per_user,
            self.limit_per_server,
            self.limit_total,
            self.max_waiting_per_user,
            Places(self.max_running, self.max_running_per_user),
            self.limit_per_jam,
        )
        return Terms(limits, self.price_micro_usd)

    @property
    def take_limits(self) -> TakeLimits:
        """How many takes a round of a jam may have, unless who begins it says otherwise."""
        return TakeLimits(self.jam_takes_per_user, self.jam_takes_per_round)

    @property
    def price_micro_usd(self) -> int:
        """What a second of the model's time costs; one's own servers, nothing unless it is set."""
        is_set = "price_per_second_micro_usd" in self.model_fields_set
        return 0 if self.cog_urls and not is_set else self.price_per_second_micro_usd

    @property
    def running_at_most(self) -> int:
        """How many may run at once; a server of one's own takes one unless told otherwise."""
        is_set = "max_running" in self.model_fields_set
        return len(self.cog_urls) if self.cog_urls and not is_set else self.max_running

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
    def keep_rows(self) -> timedelta | None:
        """How long requests stay after their end; None: until their person forgets them."""
        return None if self.keep_rows_days is None else timedelta(days=self.keep_rows_days)

    @property
    def keep_tracks_s(self) -> float:
        """How long files of tracks that belong to no request under way stay."""
        return self.keep_tracks_hours * 3600.0

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
        if "COG_URL" in values:
            values.setdefault("REPLICATE_API_TOKEN", "")
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
