from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import (
    ConnectionFailed,
    CreditMissing,
    InputRefused,
    ReplicateError,
    ReplyBroken,
    ServiceFault,
    ThingUnknown,
    Throttled,
    TokenRefused,
)
from bot.replicate.retry import (
    CREATE,
    DOWNLOAD,
    POLL,
    READ,
    TWICE_SAFE,
    UPLOAD,
    RetryPolicy,
)

UNSENT = ConnectionFailed(may_have_arrived=False, detail="refused")
CUT_OFF = ConnectionFailed(may_have_arrived=True, detail="reset")


@pytest.mark.parametrize(
    ("error", "read_again", "create_again", "started"),
    [
        (UNSENT, True, True, False),
        (CUT_OFF, True, False, True),
        (Throttled(None), True, True, False),
        (ServiceFault(500), True, False, True),
        (ServiceFault(503), True, False, True),
        (ServiceFault(408), True, False, True),
        (ServiceFault(409), False, False, True),
        (ServiceFault(302), False, False, True),
        (ReplyBroken("?"), True, False, True),
        (TokenRefused(), False, False, False),
        (CreditMissing(), False, False, False),
        (ThingUnknown(""), False, False, False),
        (InputRefused(""), False, False, False),
    ],
)
def test_what_is_sent_again(
    error: ReplicateError, read_again: bool, create_again: bool, started: bool
) -> None:
    for policy in (READ, POLL, TWICE_SAFE, UPLOAD, DOWNLOAD):
        assert (policy.delay_s(1, error, lambda: 0.5) is not None) is read_again
    assert (CREATE.delay_s(1, error, lambda: 0.5) is not None) is create_again
    assert error.may_have_started is started


def test_waits_double_up_to_the_cap_without_jitter() -> None:
    waits = [READ.delay_s(attempt, CUT_OFF, lambda: 0.0) for attempt in range(1, 9)]
    assert waits == [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 20.0, 20.0]


def test_jitter_takes_up_to_half() -> None:
    assert READ.delay_s(3, CUT_OFF, lambda: 1.0) == 1.0


@pytest.mark.parametrize(
    ("asked_s", "wait_s"), [(5.0, 5.0), (0.0, 0.5), (60.0, 60.0), (3600.0, 60.0)]
)
def test_the_wait_the_service_asks_for_is_kept_to_and_capped(asked_s: float, wait_s: float) -> None:
    assert CREATE.delay_s(1, Throttled(asked_s), lambda: 0.0) == wait_s


@given(
    st.integers(1, 10**9),
    st.floats(0, 1, exclude_max=True),
    st.none() | st.floats(0, 1e300),
)
def test_no_wait_is_negative_longer_than_its_cap_or_shorter_than_asked(
    attempt: int, luck: float, asked_s: float | None
) -> None:
    policy = RetryPolicy(deadline_s=60.0)
    wait_s = policy.delay_s(attempt, Throttled(asked_s), lambda: luck)
    assert wait_s is not None
    if asked_s is None:
        assert policy.first_s / 2 <= wait_s <= policy.cap_s
    else:
        assert min(asked_s, policy.retry_after_cap_s) <= wait_s <= policy.retry_after_cap_s
