"""Amounts as people write them: in a setting, or in a form. No I/O."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal

from bot.domain.amounts import Amount, Period, Unit
from bot.domain.errors import AmountsUnreadable
from bot.domain.errors.limits import AmountFault

_AMOUNT = re.compile(r"(?P<number>\S+)\s+(?P<unit>[a-z]+)(?:\s*/\s*(?P<period>[a-z]+))?")
_NUMBER_MAX = Decimal(10**12)


class _Unreadable(ValueError):
    """What is wrong with one amount: its kind for those who type in Discord, English for logs."""

    def __init__(self, fault: AmountFault, words: str) -> None:
        super().__init__(words)
        self.fault: AmountFault = fault


def parse_amounts(text: str, *, per_jam: bool = False) -> tuple[Amount, ...]:
    """`20 tracks/day, 3 usd/month` -> the amounts, in order.

    For a jam they may be without a period, such as `40 tracks`: for as long as it goes on.

    Raises:
        ValueError: with everything that is wrong, by the amounts' places; none is quoted.
    """
    amounts, faults = _read(text, per_jam=per_jam)
    if faults:
        raise ValueError("; ".join(str(fault) for fault, _ in faults))
    return amounts


def _read(text: str, *, per_jam: bool) -> tuple[tuple[Amount, ...], list[tuple[_Unreadable, str]]]:
    """The amounts, and each fault with what it is about."""
    amounts, faults = list[Amount](), list[tuple[_Unreadable, str]]()
    parts = text.split(",")
    for place, part in enumerate(parts, start=1):
        try:
            amounts.append(_amount(part.strip().lower(), per_jam=per_jam))
        except _Unreadable as error:
            words = str(error) if len(parts) == 1 else f"amount {place} {error}"
            faults.append((_Unreadable(error.fault, words), part.strip()))
    kinds = [_kind(amount) for amount in amounts]
    for kind in dict.fromkeys(kinds):
        if kinds.count(kind) > 1:
            faults.append((_Unreadable("twice", f"has {kind} twice"), kind))
    return tuple(amounts), faults


def _amount(text: str, *, per_jam: bool) -> Amount:
    found = _AMOUNT.fullmatch(text)
    if found is None or not (per_jam or found["period"]):
        if per_jam:
            raise _Unreadable("form", "must be like 40 tracks, 600 s or 3 usd/day")
        raise _Unreadable("form", "must be like 20 tracks/day, 600 s/day or 3 usd/month")
    if found["unit"] not in set(Unit):
        raise _Unreadable("unit", "must have one of the units tracks, s, usd")
    if found["period"] not in {None, Period.DAY, Period.MONTH}:
        raise _Unreadable("period", "must be for a day or a month")
    unit, period = Unit(found["unit"]), Period(found["period"] or Period.JAM)
    decimals = 6 if unit is Unit.USD else 0
    return Amount(decimal(found["number"], decimals), unit, period)


def decimal(text: str, decimals: int) -> int:
    """A number with up to so many decimals, as a whole number of its last one.

    Raises:
        ValueError: it is no such number.
    """
    if not re.fullmatch(r"[0-9]+(\.[0-9]+)?", text, re.ASCII) or Decimal(text) > _NUMBER_MAX:
        words = "must have a number like 3 or 0.5" if decimals else "must be a number"
        raise _Unreadable("number", words)
    scaled = Decimal(text).scaleb(decimals)
    if scaled != int(scaled):
        if decimals:
            raise _Unreadable("decimals", f"may have {decimals} decimals at most")
        raise _Unreadable("whole", "must have a whole number")
    return int(scaled)


def typed_amounts(text: str, *, per_jam: bool = False) -> tuple[Amount, ...]:
    """Amounts as somebody types them in Discord; none for no text.

    Raises:
        AmountsUnreadable: with what is wrong with the first that is none.
    """
    if not text:
        return ()
    amounts, faults = _read(text, per_jam=per_jam)
    for error, amount in faults:
        raise AmountsUnreadable(error.fault, amount) from error
    return amounts


def amounts_text(amounts: Iterable[Amount]) -> str:
    """Amounts as `parse_amounts` reads them."""
    return ", ".join(f"{_number(one)} {_kind(one)}" for one in amounts)


def _kind(amount: Amount) -> str:
    if amount.period is Period.JAM:
        return str(amount.unit)
    return f"{amount.unit}/{amount.period}"


def _number(amount: Amount) -> str:
    if amount.unit is not Unit.USD:
        return str(amount.number)
    return f"{Decimal(amount.number).scaleb(-6).normalize():f}"
