"""What Cog servers answer with, odd things included."""

from __future__ import annotations

import pytest
from pydantic import JsonValue

from bot.cog.answers import read_detail, read_json, read_told, unpacked


def test_both_kinds_of_server_are_read() -> None:
    rust = read_told(
        read_json(
            b'{"id":"a","output":"data:audio/wav;base64,AAAA","logs":"x\\r",'
            b'"metrics":{"predict_time":1.5},"status":"succeeded"}'
        )
    )
    assert rust is not None
    assert (rust.status, rust.output, rust.logs) == (
        "succeeded",
        "data:audio/wav;base64,AAAA",
        "x\r",
    )
    assert (rust.predict_time_s, rust.ended) == (1.5, True)
    python = read_told({"status": "processing", "output": None, "metrics": None, "error": None})
    assert python is not None
    assert not python.ended
    listed = read_told({"status": "succeeded", "output": ["http://files/a.wav"]})
    assert listed is not None
    assert listed.output == "http://files/a.wav"


def test_a_failure_has_the_models_words_alone() -> None:
    told = read_told({"status": "failed", "error": "Prediction failed: Prediction failed: E: no"})
    assert told is not None
    assert told.error == "E: no"


@pytest.mark.parametrize("value", [None, [], {}, {"status": 3}, "text"])
def test_what_is_no_prediction_is_none(value: JsonValue) -> None:
    assert read_told(value) is None


def test_what_is_no_json_is_none() -> None:
    assert read_json(b"<html>") is None


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"detail": [{"loc": ["body", "input", "seed"], "msg": "no"}]}, "seed: no"),
        ({"detail": [{"msg": "bare"}, 3, {"loc": 1}]}, "bare"),
        ({"detail": "Already running a prediction"}, "Already running a prediction"),
        ({"error": "bad", "status": "failed"}, "bad"),
        ([], ""),
    ],
)
def test_a_refusal_is_told_in_its_own_words(value: JsonValue, words: str) -> None:
    assert read_detail(value) == words


@pytest.mark.parametrize(
    ("address", "content"),
    [
        ("data:audio/wav;base64,UklGRg==", (b"RIFF", "audio/wav")),
        ("data:;base64,UklGRg==", (b"RIFF", "")),
        ("data:audio/wav,R%49FF", (b"RIFF", "audio/wav")),
        ("data:text/html;base64,UklGRg==", None),
        ("data:audio/wav;base64,%%%", None),
        ("data:audio/wav", None),
    ],
)
def test_audio_is_unpacked(address: str, content: tuple[bytes, str] | None) -> None:
    assert unpacked(address) == content
