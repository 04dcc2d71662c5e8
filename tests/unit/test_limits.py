"""What limits say, amount by amount, and what an end costs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from itertools import product
from typing import Any

import pytest

from bot.card import strings
from bot.community.charges import Kind, ending_of, estimate_us, kind_of, price_micro_usd
from bot.community.limits import Allowed, Amount, Asked, Limits, Period, Tally, Unit, window
from bot.community.lines import Lines, Places, Standing
from bot.community.written_amounts import amounts_text, parse_amounts
from bot.domain.charges import ChargeState, Spent, Sums
from bot.domain.errors import (
    AccessLost,
    CanceledElsewhere,
    ConfigError,
    InputRefused,
    LimitReached,
    LineFull,
    NotAllowed,
    OutageTooLong,
    PredictionAborted,
    PredictionFailed,
    PredictionOverdue,
    SubmitUncertain,
    UserError,
)
from bot.domain.generation import Generation, State
from bot.domain.inputs import Inputs
from bot.jam.take_limits import TakeLimits
from bot.settings import Settings
from tests.fakes import NOON, a_generation

TOKENS = {"DISCORD_TOKEN": "x", "REPLICATE_API_TOKEN": "y"}
MARCH = datetime(2026, 3, 31, 23, 59, 59, 999999, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "amounts"),
    [
        ("20 tracks/day", [Amount(20, Unit.TRACKS, Period.DAY)]),
        ("0 tracks/month", [Amount(0, Unit.TRACKS, Period.MONTH)]),
        ("600 s/day", [Amount(600, Unit.SECONDS, Period.DAY)]),
        ("3 usd/month", [Amount(3_000_000, Unit.USD, Period.MONTH)]),
        ("0.5 USD / Day", [Amount(500_000, Unit.USD, Period.DAY)]),
        ("0.000001 usd/day", [Amount(1, Unit.USD, Period.DAY)]),
        (
            " 20 tracks/day ,3 usd/month",
            [Amount(20, Unit.TRACKS, Period.DAY), Amount(3_000_000, Unit.USD, Period.MONTH)],
        ),
    ],
)
def test_amounts_are_read(text: str, amounts: list[Amount]) -> None:
    assert parse_amounts(text) == tuple(amounts)


def test_a_jams_amounts_may_be_for_as_long_as_it_goes_on() -> None:
    amounts = parse_amounts("40 tracks, 3 usd/day", per_jam=True)
    assert amounts == (Amount(40, Unit.TRACKS, Period.JAM), Amount(3_000_000, Unit.USD, Period.DAY))
    assert amounts_text(amounts) == "40 tracks, 3 usd/day"
    assert strings.limits.amounts(amounts) == "40 tracks · $3.00 a day"
    with pytest.raises(ValueError, match="has tracks twice"):
        parse_amounts("40 tracks, 2 tracks", per_jam=True)
    with pytest.raises(ValueError, match="must be like 20 tracks/day"):
        parse_amounts("40 tracks")
    settings = Settings.from_env({**TOKENS, "LIMIT_PER_JAM": "40 tracks, 3 usd/day"})
    assert settings.terms.limits.per_jam == amounts
    assert settings.terms.limits, "so that it is held against"


def test_a_jams_budget_is_for_all_who_propose_in_it() -> None:
    limits = Limits(per_jam=parse_amounts("3 tracks, 2 tracks/day", per_jam=True))
    tally = Tally(limits)

    def asks(person: int, day: int, jam_id: str | None = "j") -> LimitReached | LineFull | None:
        at = NOON + timedelta(days=day)
        return tally.decide(Asked(person, 1, at, 1, Sums(1, 8, 5), jam_id=jam_id))

    assert [asks(person, 0) for person in (1, 2)] == [None, None]
    refusal = asks(3, 0)
    assert isinstance(refusal, LimitReached)
    assert "The limit for this jam is 2 tracks a day" in strings.errors.sentence(refusal)
    assert asks(3, 0, "another") is None
    assert asks(3, 0, None) is None
    assert asks(3, 1) is None
    refusal = asks(4, 2)
    assert isinstance(refusal, LimitReached)
    told = strings.errors.sentence(refusal)
    assert "for this jam is 3 tracks, and this would go beyond it. Nothing of it is left." in told
    assert "/jam branch" in told
    assert "<t:" not in told, "it opens no more"


def test_how_many_takes_a_round_of_a_jam_has_can_be_set() -> None:
    assert Settings.from_env(TOKENS).take_limits == TakeLimits(2, 12)
    numbers = {"JAM_TAKES_PER_USER": "3", "JAM_TAKES_PER_ROUND": "25"}
    assert Settings.from_env(TOKENS | numbers).take_limits == TakeLimits(3, 25)
    for name in numbers:
        with pytest.raises(ConfigError):
            Settings.from_env(TOKENS | {name: "26"})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("20", "must be like 20 tracks/day"),
        ("20 tracks", "must be like 20 tracks/day"),
        ("20 tracks/day,", "amount 2 must be like 20 tracks/day"),
        ("20 songs/day", "must have one of the units tracks, s, usd"),
        ("20 tracks/week", "must be for a day or a month"),
        ("many tracks/day", "must be a number"),
        ("-1 tracks/day", "must be a number"),
        ("1e9 tracks/day", "must be a number"),
        ("nan usd/day", "must have a number like 3 or 0.5"),
        ("1.5 tracks/day", "must have a whole number"),
        ("0.0000001 usd/day", "may have 6 decimals at most"),
        ("٣ tracks/day", "must be a number"),
        ("9999999999999999 tracks/day", "must be a number"),
        ("1 s/day, 2 s/day", "has s/day twice"),
        ("x tracks/day, 1 s/day, 1 s/year", "amount 1 must be a number; amount 3 must be for a"),
    ],
)
def test_what_is_no_amount_is_said_all_at_once(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse_amounts(text)


def test_settings_report_every_limit_that_is_none() -> None:
    names = ("LIMIT_PER_USER", "LIMIT_PER_SERVER", "LIMIT_TOTAL", "ALLOW_USERS", "ALLOW_SERVERS")
    wrong = dict.fromkeys(names, "secret") | {"PRICE_PER_SECOND_USD": "dear"}
    with pytest.raises(ConfigError) as caught:
        Settings.from_env(TOKENS | wrong | {"MAX_WAITING_PER_USER": "0"})
    said = "\n".join(caught.value.problems)
    for name in (*wrong, "MAX_WAITING_PER_USER"):
        assert f"{name}: m" in said
    assert "secret" not in said


def test_settings_of_limits() -> None:
    settings = Settings.from_env(TOKENS)
    assert settings.terms.limits == Limits(max_waiting_per_user=10)
    assert settings.terms.per_second_micro_usd == 1400
    assert settings.allowed == Allowed()
    env = {"LIMIT_TOTAL": "1 usd/day", "ALLOW_USERS": "7, 8", "PRICE_PER_SECOND_USD": "0.000575"}
    settings = Settings.from_env(TOKENS | env)
    assert settings.terms.limits.total == (Amount(1_000_000, Unit.USD, Period.DAY),)
    assert settings.terms.per_second_micro_usd == 575
    assert settings.allowed == Allowed(users=frozenset({7, 8}))


def test_windows_are_the_calendars_in_utc() -> None:
    day, month = window(Period.DAY, MARCH), window(Period.MONTH, MARCH)
    april = datetime(2026, 4, 1, tzinfo=UTC)
    assert (day.begins_at, day.ends_at) == (datetime(2026, 3, 31, tzinfo=UTC), april)
    assert (month.begins_at, month.ends_at) == (datetime(2026, 3, 1, tzinfo=UTC), april)
    assert window(Period.DAY, april).begins_at == april
    west = datetime(2026, 3, 31, 20, tzinfo=timezone(timedelta(hours=-5)))
    assert window(Period.MONTH, west).begins_at == april
    december = window(Period.MONTH, datetime(2026, 12, 31, tzinfo=UTC))
    assert december.ends_at == datetime(2027, 1, 1, tzinfo=UTC)
    jam = window(Period.JAM, MARCH)
    assert jam == window(Period.JAM, april)
    assert jam.begins_at.year < 2000 < 3000 < jam.ends_at.year


def asked(takes: int = 1, *, user: int = 1, server: int | None = 2, cost: int = 100) -> Asked:
    return Asked(user, server, MARCH, takes, Sums(1, 8, cost))


def refused(tally: Tally, what: Asked) -> LimitReached:
    error = tally.decide(what)
    assert isinstance(error, LimitReached)
    return error


def test_a_limit_takes_what_fits_and_no_more() -> None:
    tally = Tally(Limits(per_user=parse_amounts("3 tracks/day")))
    assert [tally.decide(asked()) for _ in range(3)] == [None] * 3
    error = refused(tally, asked())
    assert (error.scope, error.number, error.unit, error.left) == ("person", 3, "tracks", 0)
    assert error.opens_at == int(datetime(2026, 4, 1, tzinfo=UTC).timestamp())
    assert tally.decide(asked(user=9)) is None, "everybody has their own"


def test_takes_are_all_or_none_and_it_says_how_many_would_fit() -> None:
    tally = Tally(Limits(per_server=parse_amounts("20 s/day"), total=parse_amounts("9 tracks/day")))
    error = refused(tally, asked(3))
    assert (error.scope, error.left, error.room_for) == ("server", 20, 2)
    assert tally.decide(asked(2)) is None, "nothing was taken before"
    assert tally.decide(asked(3, server=None)) is None, "a direct message is in no server"


def test_of_several_limits_the_one_that_opens_last_is_named() -> None:
    tally = Tally(Limits(per_user=parse_amounts("0 tracks/month, 1 tracks/day, 0 usd/day")))
    first = datetime(2026, 3, 1, tzinfo=UTC)
    error = refused(tally, Asked(1, None, first, 2, Sums(1, 8, 100)))
    assert (error.period, error.unit, error.room_for) == ("month", "tracks", 0)


def test_money_that_nothing_costs_is_no_limit() -> None:
    assert Tally(Limits(total=parse_amounts("0 usd/day"))).decide(asked(cost=0)) is None


def test_the_line_of_a_person_is_full() -> None:
    lines = Lines(Places(running_per_user=2), "here")
    lines.standings[1] = {"here": Standing(unpaid=2, running=1)}
    lines.standings[1]["there"] = Standing(unpaid=3, running=1)
    tally = Tally(Limits(max_waiting_per_user=5), lines=lines)
    error = tally.decide(asked(3))
    assert isinstance(error, LineFull)
    assert (error.room_for, error.limit, error.waiting) == (2, 5, 3)
    assert tally.decide(asked(2)) is None
    assert isinstance(tally.decide(asked()), LineFull)


@pytest.mark.parametrize(("user", "server"), list(product((1, 2), (None, 5, 6))))
def test_who_may_use_it(user: int, server: int | None) -> None:
    def may(allowed: Allowed) -> bool:
        try:
            allowed.check(user, server)
        except NotAllowed:
            return False
        return True

    servers, users = frozenset({5}), frozenset({1})
    assert may(Allowed())
    assert may(Allowed(servers)) is (server == 5)
    assert may(Allowed(users=users)) is (user == 1)
    assert may(Allowed(servers, users)) is (server == 5 or user == 1)


def ended(state: State, failure: UserError | None = None, **changes: Any) -> Generation:
    return a_generation(state=state, failure=failure, **changes)


SENT: dict[str, Any] = {"submitted_at": NOON}
RUN: dict[str, Any] = {**SENT, "prediction_id": "p"}
BACK = (ChargeState.GIVEN_BACK, None)
ESTIMATE = (ChargeState.SETTLED, None)


@pytest.mark.parametrize(
    ("generation", "expected"),
    [
        (ended(State.RUNNING, **RUN), None),
        (ended(State.DELIVERED, **RUN, predict_time_s=10.0), (ChargeState.SETTLED, 14_000)),
        (ended(State.DELIVERED, **RUN, predict_time_s=0.0), (ChargeState.SETTLED, 0)),
        (ended(State.DELIVERED, **RUN), ESTIMATE),
        (ended(State.FAILED, InputRefused("x"), **SENT), BACK),
        (ended(State.CANCELED), BACK),
        (ended(State.CANCELED, **RUN, predict_time_s=2.5), (ChargeState.SETTLED, 3500)),
        (ended(State.CANCELED, **RUN), BACK),
        (ended(State.FAILED, PredictionAborted(), **RUN), BACK),
        (ended(State.FAILED, PredictionFailed(""), **RUN), BACK),
        (ended(State.FAILED, PredictionFailed(""), **RUN, predict_time_s=0.0), BACK),
        (
            ended(State.FAILED, PredictionFailed(""), **RUN, predict_time_s=1.0),
            (ChargeState.SETTLED, 1400),
        ),
        (ended(State.FAILED, CanceledElsewhere(), **RUN), BACK),
        (ended(State.FAILED, PredictionOverdue(), **RUN), ESTIMATE),
        (ended(State.FAILED, OutageTooLong(), **RUN), ESTIMATE),
        (ended(State.FAILED, AccessLost("x"), **RUN), ESTIMATE),
        (ended(State.FAILED, SubmitUncertain(), **SENT), None),
        (ended(State.FAILED, SubmitUncertain(), **SENT, told=True), BACK),
        (ended(State.CANCELED, **SENT), None),
        (ended(State.CANCELED, **SENT, told=True), BACK),
    ],
)
def test_what_an_end_costs(
    generation: Generation, expected: tuple[ChargeState, int | None] | None
) -> None:
    ending = ending_of(generation, 1400)
    assert (ending and (ending.state, ending.actual_micro_usd)) == expected


def test_estimates_are_made_from_whole_runs_alone() -> None:
    whole = ending_of(ended(State.DELIVERED, **RUN, predict_time_s=10.0), 1400)
    cut = ending_of(ended(State.CANCELED, **RUN, predict_time_s=10.0), 1400)
    assert whole is not None
    assert cut is not None
    assert (whole.run_us, cut.run_us) == (10_000_000, None)


def test_an_estimate_is_the_median_of_what_there_is_else_cautious() -> None:
    kind = Kind("v", "", 8)
    assert estimate_us(kind, [1, 1]) == 62_000_000
    assert estimate_us(kind, [5, 90, 7]) == 7
    assert price_micro_usd(62_000_000, 1400) == 86_800
    assert price_micro_usd(1, 1400) == 1, "never less than it costs"


def test_the_length_that_is_asked_for() -> None:
    assert kind_of(a_generation(inputs=Inputs(prompt="x"))).seconds == 8
    assert kind_of(a_generation(inputs=Inputs(prompt="x"), usual_s=15)).seconds == 15
    assert kind_of(a_generation(inputs=Inputs(prompt="x", duration=0))).seconds == 0
    assert kind_of(a_generation(inputs=Inputs(prompt="x", duration=25), more_s=10)).seconds == 10


@pytest.mark.parametrize(
    ("micro_usd", "said"),
    [
        (0, "$0.00"),
        (80_000, "$0.08"),
        (86_800, "$0.0868"),
        (1400, "$0.0014"),
        (3_000_000, "$3.00"),
        (123_456, "$0.12"),
        (1_234_567_890, "$1,234.57"),
    ],
)
def test_dollars(micro_usd: int, said: str) -> None:
    assert strings.limits.dollars(micro_usd) == said


def test_what_was_used_says_where_it_is_estimated() -> None:
    assert strings.limits.used(Spent()) == "nothing"
    used = Spent(Sums(3, 24, 200_000))
    assert strings.limits.used(used) == "3 tracks · 24 s asked for · $0.20"
    used = Spent(Sums(1, 8, 200_000), estimated=1)
    assert "about $0.20" in strings.limits.used(used)
