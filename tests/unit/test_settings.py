from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from yarl import URL

from bot.domain.errors import ConfigError
from bot.host.dotenv_file import read_dotenv
from bot.network.proxies import Proxies
from bot.settings import Settings
from bot.settings_values import SPEC_VERSION

TOKENS = {"DISCORD_TOKEN": "discord-secret", "REPLICATE_API_TOKEN": "r8_secret"}


def test_two_tokens_are_enough() -> None:
    settings = Settings.from_env(TOKENS | {"UNRELATED": "x"})
    assert settings.replicate_base_url == "https://api.replicate.com"
    assert settings.musicgen_model == "meta/musicgen"
    assert settings.musicgen_version == SPEC_VERSION
    assert settings.journal_url == "sqlite:///data/musicgen.sqlite3"


def test_servers_of_ones_own_need_no_replicate_and_cost_nothing() -> None:
    env = {
        "DISCORD_TOKEN": "discord-secret",
        "COG_URL": "http://a:5000/, http://b:5000,http://a:5000",
    }
    settings = Settings.from_env(env)
    assert settings.cog_urls == ("http://a:5000", "http://b:5000")
    assert (settings.price_micro_usd, settings.running_at_most) == (0, 2)
    told = Settings.from_env(env | {"PRICE_PER_SECOND_USD": "0.0001", "MAX_RUNNING": "6"})
    assert (told.price_micro_usd, told.running_at_most) == (100, 6)
    paid = Settings.from_env(TOKENS)
    assert (paid.price_micro_usd, paid.running_at_most) == (1400, 10_000)
    with pytest.raises(ConfigError) as caught:
        Settings.from_env(env | {"FINE_TUNES": f"lofi=o/m:{'0' * 64}"})
    assert "COG_URL is instead of" in str(caught.value)


def test_how_long_things_are_kept() -> None:
    unset = Settings.from_env(TOKENS)
    assert (unset.keep_rows, unset.keep_tracks_s) == (None, 2 * 3600)
    told = Settings.from_env(TOKENS | {"KEEP_ROWS_DAYS": "90", "KEEP_TRACKS_HOURS": "48"})
    assert (told.keep_rows, told.keep_tracks_s) == (timedelta(days=90), 2 * 24 * 3600)
    for name in ("KEEP_ROWS_DAYS", "KEEP_TRACKS_HOURS"):
        with pytest.raises(ConfigError) as caught:
            Settings.from_env(TOKENS | {name: "0"})
        assert name in str(caught.value), "what has just ended is still in use"


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
                "COG_URL": "a:5000",
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
        "COG_URL:",
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


def test_a_plain_http_api_opens_no_other_address() -> None:
    settings = Settings.from_env(TOKENS | {"REPLICATE_BASE_URL": "http://127.0.0.1:5000/"})
    assert settings.replicate_base_url == "http://127.0.0.1:5000"
    assert not settings.allow_private_addresses


@pytest.mark.parametrize(("text", "allowed"), [("1", True), ("0", False), ("", False)])
def test_private_addresses_are_fetched_from_only_when_asked_for(text: str, allowed: bool) -> None:
    settings = Settings.from_env(TOKENS | {"ALLOW_PRIVATE_ADDRESSES": text})
    assert settings.allow_private_addresses is allowed


@pytest.mark.parametrize(
    "given",
    ['"abc"', "'abc'", "  abc  ", "abc \r", ' "abc" ', "“abc”", '" abc "', "\ufeffabc"],
)
def test_what_only_surrounds_a_value_is_not_part_of_it(given: str) -> None:
    settings = Settings.from_env(TOKENS | {"DISCORD_TOKEN": given, "MAX_RUNNING": f"'{7}' "})
    assert settings.discord_token.get_secret_value() == "abc"
    assert settings.max_running == 7


@pytest.mark.parametrize("given", ["1000", " 1000 ", "1 000", "1\u202f000", '"1000"'])
def test_numbers_as_people_write_them(given: str) -> None:
    assert Settings.from_env(TOKENS | {"MAX_RUNNING": given}).max_running == 1000


def test_shards_as_people_write_them() -> None:
    settings = Settings.from_env(TOKENS | {"SHARD_IDS": "0, 1 ,", "SHARD_COUNT": "4"})
    assert settings.shard_ids == (0, 1)


TUNE = f"ada/musicgen-lofi:{'0f' * 32}"


@pytest.mark.parametrize("given", ["", ",", f"lofi={TUNE}", f" lofi = {TUNE} , Big  Band={TUNE},"])
def test_fine_tunes_as_people_write_them(given: str) -> None:
    fine_tunes = Settings.from_env(TOKENS | {"FINE_TUNES": given}).fine_tunes
    assert [one.name for one in fine_tunes] == ["lofi", "Big Band"][: given.count("=")]
    assert {(one.model, one.version) for one in fine_tunes} <= {
        ("ada/musicgen-lofi", "0f" * 32),
    }


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("MAX_RUNNING", "many", "MAX_RUNNING: must be a whole number"),
        ("MAX_RUNNING", "1.5", "MAX_RUNNING: must be a whole number"),
        ("MAX_RUNNING", "0", "MAX_RUNNING: must be at least 1"),
        ("MAX_RUNNING", "99999", "MAX_RUNNING: must be at most 10000"),
        ("SHARD_IDS", "-1", "SHARD_IDS: must be numbers like 0,1,2"),
        ("SHARD_IDS", ",", "SHARD_IDS: must be numbers like 0,1,2"),
        ("ALLOW_PRIVATE_ADDRESSES", "perhaps", "ALLOW_PRIVATE_ADDRESSES: must be 1 or 0"),
        ("DISCORD_TOKEN", "tökén", "DISCORD_TOKEN: must be plain letters, digits and signs"),
        ("DISCORD_BASE_URL", "http://[::1", "DISCORD_BASE_URL: must be an http(s) address"),
        ("DATA_FOLDER", "a\0b", "DATA_FOLDER contains a character that cannot be seen"),
        ("DATA_FOLDER", "~nobody-by-that-name/x", "DATA_FOLDER: names a home folder"),
        ("HTTPS_PROXY", "socks5://u:hunter2@p:1", "HTTPS_PROXY: must be a proxy that is spoken to"),
        ("https_proxy", "https://u:hunter2@p:1", "HTTPS_PROXY: must be a proxy that is spoken to"),
        ("HTTP_PROXY", "http://u:hunter2@p:port", "HTTP_PROXY: must be the address of a proxy"),
        ("PUBLIC_URL", "http://bot.example.org", "PUBLIC_URL: must begin with https://"),
        ("PUBLIC_URL", "http://127.evil.org", "PUBLIC_URL: must begin with https://"),
        ("PUBLIC_URL", "bot.example.org", "PUBLIC_URL: must be an https address"),
        ("PUBLIC_URL", "https://u:hunter2@bot.org", "PUBLIC_URL: must be an https address"),
        ("PUBLIC_URL", "https://bot.org/?a=b", "PUBLIC_URL: must be an address alone"),
        ("PUBLIC_URL", "https://bot.example.org", "PUBLIC_URL needs PORT"),
        ("FINE_TUNES", "lofi", "FINE_TUNES: number 1 must be name=owner/model:version"),
        ("FINE_TUNES", f"a={TUNE}, =x", "FINE_TUNES: number 2 must be name=owner/model:version"),
        ("FINE_TUNES", "a=b:c", "FINE_TUNES: the model of number 1 must be owner/name"),
        ("FINE_TUNES", "a=b/c:12", "FINE_TUNES: the version of number 1 must be the 64 hexadec"),
        ("FINE_TUNES", f"a={TUNE},A={TUNE}", "FINE_TUNES: two of them have the same name"),
        ("FINE_TUNES", f"{'a' * 33}={TUNE}", "FINE_TUNES: the name of number 1 may have 32"),
    ],
)
def test_what_does_not_do_is_said_in_one_sentence(name: str, given: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Settings.from_env(TOKENS | {name: given})
    [problem] = caught.value.problems
    assert problem.startswith(said)
    assert "hunter2" not in problem


@pytest.mark.parametrize(
    "beside", [{}, {"PORT": "8080"}, {"COG_URL": "http://gpu:5000"}], ids=["", "PORT", "COG_URL"]
)
def test_servers_are_told_of_an_address_only_where_both_ends_are(beside: dict[str, str]) -> None:
    given = TOKENS | beside | {"COG_WEBHOOK_URL": "http://10.0.0.2:8080/"}
    with pytest.raises(ConfigError, match="COG_WEBHOOK_URL is where the servers of COG_URL reach"):
        Settings.from_env(given)
    both = given | {"PORT": "8080", "COG_URL": "http://gpu:5000"}
    assert Settings.from_env(both).cog_webhook_url == "http://10.0.0.2:8080"


def test_own_servers_have_no_use_for_a_public_address() -> None:
    given = {"COG_URL": "http://gpu:5000", "PUBLIC_URL": "https://b.org", "PORT": "8080"}
    with pytest.raises(ConfigError, match="PUBLIC_URL"):
        Settings.from_env({"DISCORD_TOKEN": "x", **given})


@pytest.mark.parametrize(
    "given",
    [
        "https://bot.example.org",
        "https://bot.example.org/music/",
        "http://127.0.0.1:8080",
        "http://localhost:8080",
        "http://[::1]:8080",
    ],
)
def test_where_replicate_may_push(given: str) -> None:
    settings = Settings.from_env(TOKENS | {"PUBLIC_URL": given, "PORT": "8080"})
    assert settings.public_url == given.rstrip("/")


LINES = 'DISCORD_TOKEN="abc" \r\nMAX_RUNNING=7\r\n'


@pytest.mark.parametrize(
    "raw",
    [
        LINES.encode(),
        LINES.encode("utf-8-sig"),
        LINES.encode("utf-16"),
        LINES.encode("utf-16-le"),
        LINES.encode("utf-16-be"),
        b"\xfe\xff" + LINES.encode("utf-16-be"),
        LINES.encode("utf-32"),
        f"# für den Bot\r\n{LINES}".encode("latin-1"),
        f"# für den Bot\r\n{LINES}".encode("utf-16-le"),
        LINES.encode("utf-16-le") + b"\n",
    ],
)
def test_a_dotenv_file_in_any_encoding(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / ".env").write_bytes(raw)
    read = read_dotenv(tmp_path / ".env")
    settings = Settings.from_env(TOKENS | read)
    assert settings.discord_token.get_secret_value() == "abc"
    assert settings.max_running == 7


def test_a_dotenv_file_that_is_not_there_or_no_file(tmp_path: Path) -> None:
    assert read_dotenv(tmp_path / ".env") == {}
    (tmp_path / ".env").mkdir()
    with pytest.raises(ConfigError, match="it is a folder"):
        read_dotenv(tmp_path / ".env")


@pytest.mark.parametrize(
    ("address", "proxy"),
    [
        ("https://discord.com/api", "http://s:1"),
        ("wss://gateway.discord.gg/?v=10", "http://s:1"),
        ("http://example.org/x", "http://p:2"),
        ("ws://example.org/x", "http://p:2"),
        ("https://api.replicate.com/v1", None),
        ("https://replicate.com/v1", None),
        ("http://10.0.0.7/", None),
        ("http://localhost:5000/", None),
        ("http://localhost:5001/", "http://p:2"),
    ],
)
def test_a_proxy_for_each_address(address: str, proxy: str | None) -> None:
    proxies = Settings.from_env(
        TOKENS
        | {
            "HTTPS_PROXY": "s:1",
            "http_proxy": "http://p:2/",
            "NO_PROXY": "replicate.com, 10.0.0.7,localhost:5000",
        }
    ).proxies
    found = proxies.for_url(URL(address))
    assert (None if found is None else str(found).rstrip("/")) == proxy


def test_no_proxy_at_all() -> None:
    every = Proxies("http://s:1", "http://p:2", "*")
    assert every.for_url(URL("https://discord.com")) is None
    assert Proxies().for_url(URL("https://discord.com")) is None


def test_a_proxys_password_is_in_no_repr() -> None:
    settings = Settings.from_env(TOKENS | {"HTTPS_PROXY": "http://u:hunter2@p:1"})
    assert "hunter2" not in f"{settings!r} {settings.proxies!r}"


@pytest.mark.parametrize(
    ("budget", "share", "one_persons_mb"),
    [
        (None, None, 250),
        ("10", None, 10),
        ("100", None, 25),
        ("20", None, 10),
        ("100", "60", 60),
        ("50", "60", 50),
    ],
)
def test_one_persons_part_of_the_room(
    budget: str | None, share: str | None, one_persons_mb: int
) -> None:
    env = {"TRACKS_MAX_MB": budget or "", "TRACKS_MAX_MB_PER_USER": share or ""}
    settings = Settings.from_env(TOKENS | env)
    assert settings.tracks_max_bytes_per_user == one_persons_mb * 1_000_000
