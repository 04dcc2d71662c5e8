"""How many examples hypothesis draws: all with `--hypothesis-profile=thorough`, else a quarter."""

from __future__ import annotations

from hypothesis import settings

_ALL = 100
_QUICK = 25
_FEWEST = 5


def register_profiles() -> None:
    """Draw few; pytest's option, which hypothesis reads after this, may ask for all.

    A test may take the time that a busy machine makes it take.
    """
    settings.register_profile("thorough", deadline=None, max_examples=_ALL)
    settings.register_profile("quick", deadline=None, max_examples=_QUICK)
    settings.load_profile("quick")


def examples(thorough: int) -> int:
    """How many to draw now, of a test that thoroughly draws so many."""
    drawn = settings.get_profile(settings.get_current_profile_name()).max_examples
    return min(thorough, max(_FEWEST, thorough * drawn // _ALL))
