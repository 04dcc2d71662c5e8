"""A jam's card fits into what Discord takes, and says what counts, however long a jam has grown."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.card import strings
from bot.card.jam_card import jam_embed
from bot.card.markup import jump_url
from bot.domain.generation import Reply
from bot.jam import rules
from bot.jam.jam import Ending, Jam, Outcome, Progress, Section, Take, Terms
from bot.jam.take_limits import TAKES_MAX, TakeLimits
from tests.fakes import NOON

SOMEBODY = 1_234_567_890_123_456_000
WORDS = "**bells** and [strings](x) over it, _slowly_ " * 20


def grown(sections: int, takes: int, words: str = WORDS) -> tuple[Jam, dict[str, str]]:
    """A jam with so many sections and takes, each by somebody else; links to its takes."""
    terms = Terms("rain", takes=TakeLimits(2, TAKES_MAX))
    jam = rules.start("j", NOON, guild_id=1, channel_id=2, host_id=SOMEBODY, terms=terms)
    made = tuple(
        Take(f"t{n}", n, SOMEBODY + n, words, NOON, Progress.MADE, 10.0) for n in range(takes)
    )
    jam = replace(
        jam,
        sections=tuple(
            Section(f"s{n}", SOMEBODY + n, words, 3.0, n, 0.25) for n in range(sections)
        ),
        round=replace(jam.round, takes=made, votes={take.author_id: take.id for take in made}),
        seen={SOMEBODY + n: 1 for n in range(40)},
        last=Outcome(1, Ending.HOST, f"s{sections - 1}", 12, was_tied=True, by_host=True),
    )
    reply = Reply(0, SOMEBODY, SOMEBODY, "", NOON, 0, guild_id=SOMEBODY)
    return jam, {take.id: jump_url(reply) for take in made}


@pytest.mark.parametrize(("sections", "takes"), [(1, 0), (100, 3), (20, 12), (100, TAKES_MAX)])
def test_it_fits_and_names_every_take(sections: int, takes: int) -> None:
    jam, links = grown(sections, takes)
    shown = str(jam_embed(jam, links, "-# Left for this jam: 12 tracks").description)
    assert len(shown) <= 4096
    lines = shown.splitlines()
    assert sum("Take " in line and "1 vote" in line for line in lines) == takes
    assert f"all together {TAKES_MAX}." in shown
    assert lines[-1].startswith("-# In: <@")
    assert any(f"**{sections}** " in line for line in lines), "the last section is there"


def test_what_has_room_is_told_in_full() -> None:
    jam, links = grown(20, 6, words="drums")
    shown = str(jam_embed(jam, links).description)
    assert strings.jam.sections_cut(1) not in shown
    assert shown.count("https://discord.com/") == 6
    assert "**1** drums" in shown
