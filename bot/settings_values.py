"""What a variable of the environment says: its text -> its value, or what it must be instead."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, SecretStr
from pydantic_core import ErrorDetails
from yarl import URL

from bot.community.limits import Amount
from bot.community.written_amounts import decimal, parse_amounts
from bot.domain.models import FineTune, fine_tune_key
from bot.journal import async_url
from bot.logs import LogFormat
from bot.network.http_address import http_address
from bot.network.proxies import proxy_address

SPEC_VERSION = "671ac645ce5e552cc63a54a2bbff63fcf798043055d2dac5fc9e36a837eedcfb"
"""The MusicGen version of the specification."""

_FINE_TUNE_NAME_MAX_CHARS = 32

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


def _http_addresses(value: object) -> object:
    """`http://a:5000, http://b:5000` -> both."""
    if not isinstance(value, str):
        return value
    try:
        found = [_http_address(part.strip()) for part in value.split(",") if part.strip()]
    except ValueError:
        raise ValueError("must be http(s) addresses, separated by commas") from None
    return tuple(dict.fromkeys(found))


def _public_address(text: str) -> str:
    try:
        address = http_address(text)
    except ValueError:
        raise ValueError("must be an https address") from None
    if address.scheme != "https" and not _is_this_machine(address.host or ""):
        raise ValueError("must begin with https://; Replicate pushes to nothing else")
    if address.query_string or address.fragment:
        raise ValueError("must be an address alone, like https://bot.example.org")
    return str(address).rstrip("/")


def _sentry_project(text: str) -> str:
    try:
        address = URL(text)
        is_one = address.scheme in {"https", "http"} and address.host and address.user
    except ValueError:
        is_one = False
        address = URL()
    if not is_one or not address.name.isdigit():
        raise ValueError("must be a DSN as Sentry shows it, like https://key@o1.ingest.sentry.io/2")
    return text


def _is_this_machine(host: str) -> bool:
    with suppress(ValueError):
        return ip_address(host).is_loopback
    return host == "localhost"


def _database_address(text: str) -> str:
    async_url(text)
    return text


def _format(text: object) -> LogFormat:
    try:
        return LogFormat(str(text).lower())
    except ValueError:
        raise ValueError(f"must be one of {', '.join(LogFormat)}") from None


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


def _fine_tunes(value: object) -> object:
    """`lofi=owner/model:version, …` -> the fine-tunes."""
    if not isinstance(value, str):
        return value
    parts = [part.strip() for part in value.split(",") if part.strip()]
    found = tuple(_fine_tune(number, part) for number, part in enumerate(parts, start=1))
    if len({fine_tune_key(fine_tune.name) for fine_tune in found}) < len(found):
        raise ValueError("two of them have the same name; capitals make no difference")
    return found


def _fine_tune(number: int, text: str) -> FineTune:
    name, equals, reference = text.partition("=")
    model, colon, version = (part.strip() for part in reference.partition(":"))
    name = " ".join(name.split())
    if not (equals and colon and name):
        raise ValueError(f"number {number} must be name=owner/model:version")
    if len(name) > _FINE_TUNE_NAME_MAX_CHARS:
        raise ValueError(
            f"the name of number {number} may have {_FINE_TUNE_NAME_MAX_CHARS} letters"
        )
    return FineTune(
        name,
        _said_of(f"the model of number {number}", _model, model),
        _said_of(f"the version of number {number}", _version, version),
    )


def _said_of(what: str, check: Callable[[str], str], text: str) -> str:
    try:
        return check(text)
    except ValueError as error:
        raise ValueError(f"{what} {error}") from None


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


def _jam_amounts(value: object) -> object:
    return parse_amounts(value, per_jam=True) if isinstance(value, str) else value


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
HttpAddresses = Annotated[tuple[str, ...], BeforeValidator(_http_addresses)]
PublicAddress = Annotated[str, AfterValidator(_public_address)]
SentryProject = Annotated[str, AfterValidator(_sentry_project)]
ProxyAddress = Annotated[str, AfterValidator(proxy_address)]
Whole = Annotated[int, BeforeValidator(_whole)]
Amounts = Annotated[tuple[Amount, ...], BeforeValidator(_amounts)]
JamAmounts = Annotated[tuple[Amount, ...], BeforeValidator(_jam_amounts)]
FineTunes = Annotated[tuple[FineTune, ...], BeforeValidator(_fine_tunes)]
Ids = Annotated[frozenset[int], BeforeValidator(_ids)]
Numbers = Annotated[tuple[int, ...], BeforeValidator(_numbers)]
MicroUsd = Annotated[int, BeforeValidator(_micro_usd)]
DatabaseAddress = Annotated[str, AfterValidator(_database_address)]
Model = Annotated[str, AfterValidator(_model)]
Version = Annotated[str, AfterValidator(_version)]
Level = Annotated[str, AfterValidator(_level)]
Format = Annotated[LogFormat, BeforeValidator(_format)]
Folder = Annotated[Path, AfterValidator(_folder)]


_WHERE = {
    "DISCORD_TOKEN": "the bot's token from the Discord developer portal, page Bot",
    "REPLICATE_API_TOKEN": "an API token from replicate.com, account settings; or set "
    "COG_URL to a server of your own",
}
_BOUNDS = {"greater_than_equal": ("ge", "at least"), "less_than_equal": ("le", "at most")}


def problem(name: str, kind: str, fault: ErrorDetails) -> str:
    """A sentence about a variable that does not do; it quotes no value."""
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
