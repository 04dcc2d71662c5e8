"""Who has time for a picture: a track that comes with few others."""

from __future__ import annotations

from typing import cast

from bot.delivery.pictures import Pictures
from bot.delivery.sender import Sender
from bot.domain.generation import Generation
from tests.fakes import FakeClock, FakeSound, a_generation


def some(count: int) -> list[Generation]:
    return [a_generation(id=f"take{number:08}") for number in range(count)]


def a_drawer() -> Pictures:
    return Pictures(cast("Sender", None), FakeSound(), FakeClock())


def test_who_comes_with_many_others_has_none_though_they_are_still_fetched() -> None:
    pictures, tracks = a_drawer(), some(5)
    for track in tracks:
        pictures.expects(track, is_coming=True)
    with pictures.delivering(tracks[0]):
        assert not pictures.has_time(tracks[0])
    with pictures.delivering(tracks[1]):
        assert pictures.has_time(tracks[1]), "four are left"


def test_what_does_not_come_after_all_takes_nobodys_time() -> None:
    pictures, tracks = a_drawer(), some(9)
    for track in tracks:
        pictures.expects(track, is_coming=True)
    for track in tracks[1:]:
        pictures.expects(track, is_coming=False)
    with pictures.delivering(tracks[0]):
        assert pictures.has_time(tracks[0])
