from __future__ import annotations

import pytest

from bot.errors import ConfigError
from bot.settings import SPEC_VERSION, Settings

TOKENS = {"DISCORD_TOKEN": "discord-secret", "REPLICATE_API_TOKEN": "r8_secret"}


def test_two_tokens_are_enough() -> None:
    settings = Settings.from_env(TOKENS | {"UNRELATED": "x"})
    assert settings.replicate_base_url == "https://api.replicate.com"
    assert settings.musicgen_model == "meta/musicgen"
    assert settings.musicgen_version == SPEC_VERSION
    assert settings.journal_url == "sqlite:///data/musicgen.sqlite3"
    assert not settings.is_local


def test_every_problem_is_reported_at_once_and_quotes_no_value() -> None:
    with pytest.raises(ConfigError) as caught:
        Settings.from_env(
            {
                "DISCORD_TOKEN": "  ",
                "REPLICATE_API_TOKEN": "with space-secret",
                "REPLICATE_BASE_URL": "ftp://example.org",
                "DATABASE_URL": "mysql://user:hunter2@host/db",
                "MUSICGEN_MODEL": "musicgen",
                "MUSICGEN_VERSION": "671",
                "LOG_LEVEL": "LOUD",
                "REPLICATE_MAX_REQUESTS_PER_MINUTE": "0",
            }
        )
    text = "\n".join(caught.value.problems)
    for name in (
        "DISCORD_TOKEN is not set",
        "REPLICATE_API_TOKEN:",
        "REPLICATE_BASE_URL:",
        "DATABASE_URL:",
        "MUSICGEN_MODEL:",
        "MUSICGEN_VERSION:",
        "LOG_LEVEL:",
        "REPLICATE_MAX_REQUESTS_PER_MINUTE:",
    ):
        assert name in text
    assert "secret" not in text
    assert "hunter2" not in text
    assert "__" not in str(caught.value.__cause__)


def test_no_secret_in_the_repr() -> None:
    settings = Settings.from_env(TOKENS | {"DATABASE_URL": "postgresql://u:hunter2@h/d"})
    assert "secret" not in repr(settings)
    assert "hunter2" not in repr(settings)
    assert "secret" not in str(settings)


def test_a_plain_http_api_is_a_local_one() -> None:
    settings = Settings.from_env(TOKENS | {"REPLICATE_BASE_URL": "http://127.0.0.1:5000/"})
    assert settings.replicate_base_url == "http://127.0.0.1:5000"
    assert settings.is_local
    assert not settings.allow_private_addresses


@pytest.mark.parametrize(("text", "allowed"), [("1", True), ("0", False), ("", False)])
def test_private_addresses_are_fetched_from_only_when_asked_for(text: str, allowed: bool) -> None:
    settings = Settings.from_env(TOKENS | {"ALLOW_PRIVATE_ADDRESSES": text})
    assert settings.allow_private_addresses is allowed
