"""File names from prompts."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.track_names import track_filename


@pytest.mark.parametrize(
    ("prompt", "seed", "extension", "name"),
    [
        ("deep house bassline 128 bpm", 417, "wav", "deep-house-bassline-128-bpm-417.wav"),
        ("Déjà Vu -- don't stop!", 0, ".MP3", "deja-vu-dont-stop-0.mp3"),
        ("Straße, Øresund & Łódź", 1, "wav", "strasse-oresund-lodz-1.wav"),
        ("夜のドライブ", 5, "wav", "track-5.wav"),
        ("夜のドライブ lofi", 5, "wav", "lofi-5.wav"),
        ("", 5, "wav", "track-5.wav"),
        ("../../etc/passwd", 5, "wav", "etc-passwd-5.wav"),
        ("CON", 5, "wav", "con-5.wav"),
        ("a" * 100, 4294967295, "wav", "a" * 45 + "-4294967295.wav"),
        ("melancholic " * 9, 12, "wav", "melancholic-melancholic-melancholic-melancholic-12.wav"),
    ],
)
def test_names(prompt: str, seed: int, extension: str, name: str) -> None:
    assert track_filename(prompt, seed, extension) == name


@given(prompt=st.text(), seed=st.integers(0, 2**32 - 1), extension=st.sampled_from(["wav", "mp3"]))
def test_every_name_is_safe(prompt: str, seed: int, extension: str) -> None:
    name = track_filename(prompt, seed, extension)
    assert re.fullmatch(rf"[a-z0-9]+(-[a-z0-9]+)*-{seed}\.{extension}", name)
    assert len(name) <= 60
