"""The words of limits: what keeps a request out, what is left, and what has been used."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from bot.card.markup import quoted
from bot.community.limits import Hold, Scope
from bot.domain import errors
from bot.domain.amounts import Amount, Period, Unit
from bot.domain.charges import USD, Spent
from bot.domain.errors import UserError
from bot.locales import Text, _, money, ngettext, number, pgettext, together

_CENT = USD // 100
_AMOUNT_MAX_CHARS = 40

USAGE_MINE = Text("What you have used", "title")
USAGE_SERVER = Text("What this server has used", "title")
USAGE_ALL = Text("What everybody has used", "title")
TODAY = Text("Today", "title")
MONTH = Text("This month", "title")
LIMITS = Text("Limits", "title")
# Translators: stands below "Limits".
UNLIMITED = Text("There are none.")
IN_UTC = Text(
    "Days and months begin at midnight in UTC. What ended without costing is not counted."
)
COST_NONE = Text("Cost: none; nothing was run.")


def dollars(micro_usd: int) -> str:
    """`$0.25`; below ten cents with its small change, where it has any."""
    digits = 2 if micro_usd % _CENT == 0 or micro_usd >= 10 * _CENT else 4
    return money(micro_usd / USD, digits)


def about(micro_usd: int) -> str:
    """The same, of what is estimated."""
    # Translators: {cost} is an amount of money.
    return _("about {cost}", cost=dollars(micro_usd))


def tracks(so_many: int) -> str:
    """So many tracks."""
    return ngettext("{number} track", "{number} tracks", so_many)


def _amount(so_much: int, unit: str) -> str:
    match unit:
        case Unit.USD:
            return dollars(so_much)
        case Unit.SECONDS:
            # Translators: an amount that a limit is about.
            return _("{seconds} s of music", seconds=number(so_much))
        case _:
            return tracks(so_much)


def _per_period(so_much: int, unit: str, period: str) -> str:
    amount = _amount(so_much, unit)
    match period:
        case Period.DAY:
            # Translators: {amount} is such as "20 tracks", "600 s of music" or "$3.00".
            return _("{amount} a day", amount=amount)
        case Period.MONTH:
            # Translators: {amount} is such as "20 tracks", "600 s of music" or "$3.00".
            return _("{amount} a month", amount=amount)
        case _:
            return amount


def _reached(error: errors.LimitReached) -> str:
    said = [_goes_beyond(error)]
    if error.is_servers:
        said.append(_("Those who manage this server have set it."))
    if error.left == 0:
        # Translators: of a limit.
        said.append(_("Nothing of it is left."))
    else:
        # Translators: of a limit; {amount} is such as "3 tracks", "60 s of music" or "$0.50".
        said.append(_("Left of it: {amount}.", amount=_amount(error.left, error.unit)))
    if error.period == Period.JAM:
        said.append(
            _(
                "Nothing was started or charged. Its host can close it; `/jam branch` goes on from "
                "its piece in a new one."
            )
        )
    else:
        opens_at = f"<t:{error.opens_at}:R>"
        # Translators: {time} is such as "in 5 hours".
        words = _("Nothing was started or charged; the limit opens anew {time}.", time=opens_at)
        said.append(words)
    return together(*said)


def _goes_beyond(error: errors.LimitReached) -> str:
    limit = _per_period(error.number, error.unit, error.period)
    match error.scope:
        case Scope.SERVER:
            # Translators: {limit} is such as "20 tracks a day".
            return _(
                "The limit for this server is {limit}, and this would go beyond it.", limit=limit
            )
        case Scope.MEMBER:
            # Translators: {limit} is such as "20 tracks a day".
            return _(
                "The limit for you in this server is {limit}, and this would go beyond it.",
                limit=limit,
            )
        case Scope.JAM:
            # Translators: {limit} is such as "20 tracks a day", or "20 tracks".
            return _("The limit for this jam is {limit}, and this would go beyond it.", limit=limit)
        case Scope.ALL:
            # Translators: {limit} is such as "20 tracks a day".
            return _(
                "The limit for everybody together is {limit}, and this would go beyond it.",
                limit=limit,
            )
        case _:
            # Translators: {limit} is such as "20 tracks a day".
            return _(
                "The limit for each person is {limit}, and this would go beyond it.", limit=limit
            )


def _line_full(error: errors.LineFull) -> str:
    return ngettext(
        "You have {number} request in line, where at most {limit} may wait. Nothing was started or "
        "charged; there is room as soon as one of them begins, or you cancel one.",
        "You have {number} requests in line, where at most {limit} may wait. Nothing was started "
        "or charged; there is room as soon as one of them begins, or you cancel one.",
        error.waiting,
        limit=number(error.limit),
    )


def _not_allowed(error: errors.NotAllowed) -> str:
    if error.elsewhere:
        return _(
            "The bot's owner has not opened me for use in this place, so nothing was started. "
            "Ask them to add it to `ALLOW_SERVERS` or `ALLOW_USERS`."
        )
    return _(
        "The bot's owner has not opened me for use by everybody, so nothing was started. "
        "Ask them to add you to `ALLOW_USERS`, or this server to `ALLOW_SERVERS`."
    )


def _amounts_unreadable(error: errors.AmountsUnreadable) -> str:
    advice = _("Write them like `20 tracks/day, 3 usd/month`. Nothing was changed.")
    return together(_amount_fault(error.fault, quoted(error.amount, _AMOUNT_MAX_CHARS)), advice)


def _amount_fault(fault: str, amount: str) -> str:
    match fault:
        case "unit":
            return _(
                "I can't read these amounts: the unit of “{amount}” is not one of `tracks`, `s` "
                "and `usd`.",
                amount=amount,
            )
        case "period":
            return _(
                "I can't read these amounts: “{amount}” is not for a `day` or a `month`.",
                amount=amount,
            )
        case "number":
            return _(
                "I can't read these amounts: “{amount}” does not begin with a number.",
                amount=amount,
            )
        case "whole":
            return _(
                "I can't read these amounts: “{amount}” does not begin with a whole number.",
                amount=amount,
            )
        case "decimals":
            return _(
                "I can't read these amounts: the number of “{amount}” has more than 6 decimals.",
                amount=amount,
            )
        case "twice":
            # Translators: {amount} is such as "tracks/day".
            return _(
                "I can't read these amounts: there is more than one of `{amount}`.", amount=amount
            )
        case _:
            return _("I can't read these amounts: “{amount}” is none.", amount=amount)


def _usage_not_told(error: errors.UsageNotTold) -> str:
    if error.whose == Scope.SERVER:
        # Translators: "Manage Server" is a permission of Discord's.
        return _(
            "What the whole server has used is told to those who may manage it (Manage Server)."
        )
    return _("What everybody has used is told to the bot's owner, or the team that owns it.")


REFUSALS: dict[type[UserError], Callable[[Any], str]] = {
    errors.LimitReached: _reached,
    errors.LineFull: _line_full,
    errors.AmountsUnreadable: _amounts_unreadable,
    errors.NotAllowed: _not_allowed,
    errors.UsageNotTold: _usage_not_told,
}


def fewer(refusal: str, room_for: int, wanted: int) -> str:
    """Where a limit has room for some of the takes that were asked for."""
    words = ngettext(
        "There is room for {room} of the {number} take, so none is made yet.",
        "There is room for {room} of the {number} takes, so none is made yet.",
        wanted,
        room=number(room_for),
    )
    return together(words, refusal)


def make(takes: int) -> str:
    """The button that makes as many as there is room for."""
    # Translators: makes so many takes; {takes} is a number.
    return pgettext("button", "Make {takes}", takes=number(takes))


def used(spent: Spent) -> str:
    """What was used in some time."""
    sums = spent.sums
    if sums.tracks == 0:
        # Translators: how much was used.
        return pgettext("amount", "nothing")
    # Translators: how much music was asked for.
    seconds = _("{seconds} s asked for", seconds=number(sums.seconds))
    return f"{tracks(sums.tracks)} · {seconds} · {_cost_of(spent)}"


def _cost_of(spent: Spent) -> str:
    if spent.estimated == 0:
        return dollars(spent.sums.micro_usd)
    if spent.estimated == spent.sums.tracks:
        return about(spent.sums.micro_usd)
    # Translators: so many tracks, which together cost {cost}, have an estimate for their cost.
    return ngettext(
        "about {cost} ({number} of them estimated)",
        "about {cost} ({number} of them estimated)",
        spent.estimated,
        cost=dollars(spent.sums.micro_usd),
    )


def amounts(some: Iterable[Amount]) -> str:
    """Amounts as people read them."""
    return " · ".join(_per_period(one.number, one.unit, one.period) for one in some)


def jam_budget(left: Iterable[tuple[Hold, int]]) -> str | None:
    """What is left of a jam's budget, in one small line; None where it has none."""
    parts = " · ".join(_left_of(hold.amount, so_much) for hold, so_much in left)
    if not parts:
        return None
    # Translators: {amounts} is such as "3 tracks of 20 tracks a day".
    words = _("Left of this jam's budget: {amounts}", amounts=parts)
    return f"-# {words}"


def _left_of(most: Amount, left: int) -> str:
    so_much, limit = _amount(left, most.unit), amounts([most])
    # Translators: such as "3 tracks of 20 tracks a day"; {left} is what is left of {limit}.
    return _("{left} of {limit}", left=so_much, limit=limit)


def limit(hold: Hold, left: int | None) -> str:
    """One limit, and what is left of it; None where that is not to be told."""
    if left is None:
        return _limit_of(hold)
    opens_at = f"<t:{int(hold.key[3].ends_at.timestamp())}:R>"
    # Translators: {limit} is such as "20 tracks a day for you", {time} such as "in 5 hours".
    return _(
        "{limit}: **{left}** left, opens anew {time}",
        limit=_limit_of(hold),
        left=_amount(left, hold.amount.unit),
        time=opens_at,
    )


def _limit_of(hold: Hold) -> str:
    amount = amounts([hold.amount])
    match hold.key[0], hold.is_servers:
        case Scope.SERVER, True:
            # Translators: {amount} is such as "20 tracks a day".
            return _(
                "{amount} for this server, which those who manage this server have set",
                amount=amount,
            )
        case Scope.SERVER, False:
            # Translators: {amount} is such as "20 tracks a day".
            return _("{amount} for this server", amount=amount)
        case Scope.MEMBER, _:
            # Translators: {amount} is such as "20 tracks a day".
            return _(
                "{amount} for you in this server, which those who manage this server have set",
                amount=amount,
            )
        case Scope.ALL, _:
            # Translators: {amount} is such as "20 tracks a day".
            return _("{amount} for everybody", amount=amount)
        case _:
            # Translators: {amount} is such as "20 tracks a day".
            return _("{amount} for you", amount=amount)


def waiting_limit(most: int) -> str:
    """How many may wait in line."""
    return ngettext(
        "at most {number} request of one person may wait in line at a time",
        "at most {number} requests of one person may wait in line at a time",
        most,
    )


def cost(micro_usd: int, *, is_estimate: bool) -> str:
    """What one track costs."""
    if micro_usd == 0:
        return _("Cost: none.")
    if is_estimate:
        return _("Cost: about {cost}, an estimate", cost=dollars(micro_usd))
    return _("Cost: {cost}, by the time it ran", cost=dollars(micro_usd))
