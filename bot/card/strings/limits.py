"""The words of limits: what keeps a request out, what is left, and what has been used."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from bot.card.strings.numbers import count
from bot.community.limits import Hold
from bot.domain import errors
from bot.domain.amounts import Amount, Period
from bot.domain.charges import USD, Spent
from bot.domain.errors import UserError

_WHOSE = {
    "person": "each person",
    "server": "this server",
    "all": "everybody together",
    "jam": "this jam",
}
_YOURS = {
    "person": "you",
    "server": "this server",
    "all": "everybody",
    "member": "you in this server",
}
_SERVERS_OWN = ", which those who manage this server have set"
_CENT = USD // 100

USAGE_MINE = "What you have used"
USAGE_SERVER = "What this server has used"
USAGE_ALL = "What everybody has used"
TODAY = "Today"
MONTH = "This month"
LIMITS = "Limits"
UNLIMITED = "There are none."
IN_UTC = "Days and months begin at midnight in UTC. What ended without costing is not counted."
COST_NONE = "Cost: none; nothing was run."


def dollars(micro_usd: int) -> str:
    """`$0.25`; below ten cents with its small change, where it has any."""
    digits = 2 if micro_usd % _CENT == 0 or micro_usd >= 10 * _CENT else 4
    return f"${micro_usd / USD:,.{digits}f}"


def _amount(number: int, unit: str) -> str:
    match unit:
        case "usd":
            return dollars(number)
        case "s":
            return f"{number:,} s of music"
        case _:
            return count(number, "track")


def _reached(error: errors.LimitReached) -> str:
    left = "nothing is left" if error.left == 0 else f"{_amount(error.left, error.unit)} left"
    whose = "you in this server" if error.scope == "member" else _WHOSE.get(error.scope)
    own = _SERVERS_OWN if error.is_servers else ""
    if error.period == Period.JAM:
        return (
            f"The limit for {whose}{own}{',' if own else ''} is "
            f"{_amount(error.number, error.unit)}, and this would go beyond it: {left}. Nothing "
            "was started or charged. Its host can close it; `/jam branch` goes on from its piece "
            "in a new one."
        )
    return (
        f"The limit for {whose}{own}{',' if own else ''} is "
        f"{_amount(error.number, error.unit)} a {error.period}, and this would go beyond it: "
        f"{left}. Nothing was started or charged; the limit opens anew <t:{error.opens_at}:R>."
    )


def _line_full(error: errors.LineFull) -> str:
    return (
        f"You have {count(error.waiting, 'request')} in line, where at most {error.limit} may "
        "wait. Nothing was started or charged; there is room as soon as one of them begins, or "
        "you cancel one."
    )


def _not_allowed(error: errors.NotAllowed) -> str:
    where = "in this place" if error.elsewhere else "by everybody"
    return (
        f"The bot's owner has not opened me for use {where}, so nothing was started. "
        "Ask them to add it to `ALLOW_SERVERS` or `ALLOW_USERS`."
    )


REFUSALS: dict[type[UserError], Callable[[Any], str]] = {
    errors.LimitReached: _reached,
    errors.LineFull: _line_full,
    errors.AmountsUnreadable: lambda e: (
        f"I can't read these amounts: {e.fault}. Write them like `20 tracks/day, 3 usd/month`. "
        "Nothing was changed."
    ),
    errors.NotAllowed: _not_allowed,
    errors.UsageNotTold: lambda e: (
        "What the whole server has used is told to those who may manage it (Manage Server)."
        if e.whose == "server"
        else "What everybody has used is told to the bot's owner, or the team that owns it."
    ),
}


def fewer(refusal: str, room_for: int, wanted: int) -> str:
    """Where a limit has room for some of the takes that were asked for."""
    return f"There is room for {room_for} of the {wanted} takes, so none is made yet. {refusal}"


def make(takes: int) -> str:
    """The button that makes as many as there is room for."""
    return f"Make {takes}"


def used(spent: Spent) -> str:
    """What was used in some time."""
    sums = spent.sums
    if sums.tracks == 0:
        return "nothing"
    cost = dollars(sums.micro_usd)
    if spent.estimated:
        some = "" if spent.estimated == sums.tracks else f" ({spent.estimated} of them estimated)"
        cost = f"about {cost}{some}"
    return f"{_amount(sums.tracks, 'tracks')} · {sums.seconds:,} s asked for · {cost}"


def amounts(some: Iterable[Amount]) -> str:
    """Amounts as people read them."""
    return ", ".join(
        _amount(one.number, one.unit)
        if one.period is Period.JAM
        else f"{_amount(one.number, one.unit)} a {one.period}"
        for one in some
    )


def jam_budget(left: Iterable[tuple[Hold, int]]) -> str | None:
    """What is left of a jam's budget, in one small line; None where it has none."""
    parts = [
        f"{_amount(number, hold.amount.unit)} of {amounts([hold.amount])}" for hold, number in left
    ]
    return f"-# Left of this jam's budget: {' · '.join(parts)}" if parts else None


def limit(hold: Hold, left: int | None) -> str:
    """One limit, and what is left of it; None where that is not to be told."""
    scope, _, _, counted, _ = hold.key
    unit, opens_at = hold.amount.unit, int(counted.ends_at.timestamp())
    most = f"{amounts([hold.amount])} for {_YOURS[scope]}{_SERVERS_OWN if hold.is_servers else ''}"
    if left is None:
        return most
    return f"{most}: **{_amount(left, unit)}** left, opens anew <t:{opens_at}:R>"


def waiting_limit(number: int) -> str:
    """How many may wait in line."""
    return f"at most {count(number, 'request')} of one person may wait in line at a time"


def cost(micro_usd: int, *, is_estimate: bool) -> str:
    """What one track costs."""
    if micro_usd == 0:
        return "Cost: none."
    if is_estimate:
        return f"Cost: about {dollars(micro_usd)}, an estimate"
    return f"Cost: {dollars(micro_usd)}, by the time it ran"
