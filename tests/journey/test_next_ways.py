"""What the model made is strange, or too large: it reaches its person all the same."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile  # pyright: ignore[reportMissingTypeStubs] - its source is typed well enough

from bot.card import strings
from bot.playground.discord.rules import MIB, Rules
from tests.journey.rig import a_rig, has_ended, has_track, words

LIMIT_BYTES = MIB


def a_wav(rate_hz: int, subtype: str, size_bytes: int) -> bytes:
    """Noise, which no lossless format makes much smaller."""
    width = {"PCM_16": 2, "DOUBLE": 8}[subtype]
    noise = np.random.default_rng(3).uniform(-0.9, 0.9, size_bytes // width)
    file = io.BytesIO()
    soundfile.write(file, noise, rate_hz, subtype=subtype, format="WAV")
    return file.getvalue()


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes], None]:
    """Have the model make this."""

    def make(content: bytes) -> None:
        def rendered(*_: object) -> bytes:
            return content

        monkeypatch.setattr("bot.playground.replicate.runs.render", rendered)

    return make


async def test_a_rate_that_no_other_format_holds_goes_in_parts(
    tmp_path: Path, made: Callable[[bytes], None]
) -> None:
    """FLAC goes up to 655,350 Hz, and what is above 384,000 is not decoded at all."""
    content = a_wav(700_000, "PCM_16", round(2.5 * LIMIT_BYTES))
    made(content)
    async with a_rig(tmp_path, rules=Rules(file_limit_bytes=LIMIT_BYTES)) as rig:
        message = await (await rig.musicgen(seed=5)).until(has_track)
        parts = [file for file in message.attachments if file.filename.endswith(".wav")]
        assert [part.filename for part in parts] == [
            f"deep-house-bassline-part-{n}-of-3-5.wav" for n in (1, 2, 3)
        ]
        heard = [soundfile.read(io.BytesIO(part.data), dtype="int16")[0] for part in parts]
        whole = soundfile.read(io.BytesIO(content), dtype="int16")[0]
        assert np.array_equal(np.concatenate(heard), whole)
        assert "Sent in 3 parts" in words(message)
        assert rig.paid_once()
        await rig.bot.service.idle()
        assert list((rig.settings.data_folder / "tracks").iterdir()) == []


async def test_what_is_no_audio_comes_as_it_is(
    tmp_path: Path, made: Callable[[bytes], None]
) -> None:
    made(b"The model was in a strange mood.")
    async with a_rig(tmp_path) as rig:
        message = await (await rig.musicgen()).until(lambda message: message.attachments)
        assert message.attachments[0].data == b"The model was in a strange mood."
        assert strings.takes.UNREAD() in words(message)
        assert strings.card.FAILED() not in words(message)
        assert rig.paid_once()


async def test_what_goes_in_no_form_is_kept_and_linked(
    tmp_path: Path, made: Callable[[bytes], None]
) -> None:
    content = b"No audio, and large. " * 100_000
    made(content)
    async with a_rig(tmp_path, rules=Rules(file_limit_bytes=LIMIT_BYTES)) as rig:
        used = await rig.musicgen()
        shown = await used.until(lambda message: "fetch it yourself" in words(message))
        [prediction] = rig.replicate.predictions
        assert "/delivery/" in words(shown)
        assert prediction.completed_at is not None
        until = int(prediction.completed_at.timestamp()) + 3600
        assert f"<t:{until}:t>" in words(shown)
        assert not has_ended(shown)
        await rig.until_waiting(rig.discord.world.jam)
        [kept] = (rig.settings.data_folder / "tracks").iterdir()
        assert kept.read_bytes() == content

        rig.discord.world.rules = Rules()
        await rig.ada.click(shown, strings.card.BRING())
        message = await used.until(lambda message: message.attachments)
        assert message.attachments[0].data == content
        assert rig.paid_once()
