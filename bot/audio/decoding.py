"""Strangers' audio decoded by FFmpeg's libraries, whatever of it can be decoded.

PyAV is imported where it is used, and only in the worker processes: it takes 100 MB of address
space. FFmpeg reads through our own file object, as the one format that `sniffing` has found, and
with no decoder but those named here: no list in a file leads it to another, no video is decoded.
"""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bot.audio.bounds import check_amount, check_form
from bot.audio.sniffing import Data, Found, find, mapped
from bot.audio.stretches import Stretch, stretches
from bot.domain.audio_formats import FORMATS, Format
from bot.domain.errors import (
    AudioBeyondBounds,
    AudioUnreadable,
    FormatNotTaken,
    SoundMissing,
)

if TYPE_CHECKING:
    from av import AudioFrame, AudioResampler, AudioStream, Packet
    from av.container import InputContainer

    from bot.audio.samples import Samples

log = logging.getLogger(__name__)

_READERS: dict[Format, str] = {
    **{"ogg": "ogg", "opus": "ogg", "webm": "matroska", "mkv": "matroska"},
    **{"m4a": "mov", "mp4": "mov", "mov": "mov", "3gp": "mov"},
}
"""FFmpeg's names for what reads a format, where they are others."""
_DECODERS: Final = frozenset(
    (
        *("aac", "alac", "flac", "opus", "vorbis", "speex", "mp3float", "mp3", "mp2float", "mp2"),
        *("ac3", "eac3", "amrnb", "amrwb", "libopencore_amrnb", "libopencore_amrwb", "gsm"),
        *("gsm_ms", "adpcm_ima_wav", "adpcm_ima_qt", "adpcm_ms", "pcm_mulaw", "pcm_alaw"),
        *("pcm_s8", "pcm_u8", "pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s24be", "pcm_s32le"),
        *("pcm_s32be", "pcm_f32le", "pcm_f32be", "pcm_f64le", "pcm_f64be"),
    )
)


class DecodedStream:
    """Audio that is being decoded; see `bot.audio.samples.Stream`."""

    def __init__(self, frames: Iterator[AudioFrame], found: Found) -> None:
        first = next(frames, None)
        if first is None:
            raise AudioUnreadable(found.format)
        self.format: Format = found.format
        self.rate_hz: int = first.sample_rate
        self.channels: int = first.layout.nb_channels
        self._layout = first.layout
        self._frames = chain((first,), frames)

    def blocks(self) -> Iterator[Samples]:
        """All of the audio, once: at the rate and with the channels that it begins with.

        Raises:
            AudioUnreadable: two parts of it do not go together.
            AudioBeyondBounds: there is more than is decoded.
        """
        import av
        import numpy as np
        from av.error import FFmpegError

        resampler: AudioResampler | None = None
        form: object = None
        for frame in self._bounded():
            try:
                if resampler is None or form != (frame.format.name, frame.layout, frame.rate):
                    yield from self._converted(resampler, None)
                    resampler = av.AudioResampler("flt", self._layout, self.rate_hz)
                    form = frame.format.name, frame.layout, frame.rate
                frame.pts = None
                for block in self._converted(resampler, frame):
                    yield np.nan_to_num(block, nan=0.0, posinf=1.0, neginf=-1.0)
            except MemoryError:
                raise
            except (FFmpegError, ValueError) as error:
                raise AudioUnreadable(self.format) from error
        yield from self._converted(resampler, None)

    def count(self) -> int:
        """How many frames of audio there are; none is kept. Raises as `blocks` does."""
        return round(sum(frame.samples * self.rate_hz / frame.rate for frame in self._bounded()))

    def _bounded(self) -> Iterator[AudioFrame]:
        values = 0
        for frame in self._frames:
            check_form(frame.layout.nb_channels, frame.rate)
            values += frame.samples * frame.layout.nb_channels
            check_amount(1, values)
            yield frame

    def _converted(
        self, resampler: AudioResampler | None, frame: AudioFrame | None
    ) -> Iterator[Samples]:
        """What a frame comes to; None: what is still held."""
        import numpy as np

        if resampler is not None:
            for done in resampler.resample(frame):
                if done.samples:
                    yield done.to_ndarray().astype(np.float32).reshape(-1, self.channels)


@contextmanager
def decoded(path: Path) -> Generator[DecodedStream]:
    """Open a stranger's file for decoding, all of its stretches one after the other.

    Raises:
        NotAudio: it is nothing that we take.
        AudioUnreadable: nothing in it can be decoded.
        SoundMissing: it is a video without any.
        AudioBeyondBounds: nobody has so many channels, or such a rate.
        OSError: the file itself cannot be read.
    """
    with path.open("rb", buffering=0) as file, mapped(file) as data:
        found = find(data)
        frames = _frames(data, found)
        with closing(frames):
            yield DecodedStream(frames, found)


def told_s(data: Data, found: Found) -> float:
    """How many seconds of audio the packets of a file say they hold; nothing is decoded."""
    with closing(_packets(data, found)) as packets:
        return float(sum((p.duration or 0) * (p.time_base or 0) for p in packets))


def _frames(data: Data, found: Found) -> Generator[AudioFrame]:
    """All that can be decoded. What is broken is left out: the rest may be a whole song."""
    from av.error import FFmpegError

    with closing(_packets(data, found)) as packets:
        for packet in packets:
            try:
                frames = packet.decode()
            except MemoryError:
                raise
            except FFmpegError:
                continue
            yield from frames


def _packets(data: Data, found: Found) -> Generator[Packet[AudioStream]]:
    for stretch in stretches(data, found):
        try:
            with _opened(data, found.format, stretch) as (container, stream):
                yield from container.demux(stream)
        except (MemoryError, SoundMissing, FormatNotTaken, AudioBeyondBounds):
            raise
        except Exception:
            # Where this stretch ends the next may begin.
            log.info("%s is not read further", stretch, exc_info=True)


@contextmanager
def _opened(
    data: Data, format_: Format, stretch: Stretch
) -> Generator[tuple[InputContainer, AudioStream]]:
    import av

    options = {"codec_whitelist": ",".join(sorted(_DECODERS)), "protocol_whitelist": "none"}
    reader = _READERS.get(format_, format_)
    file = _Slice(data, stretch)
    with av.open(
        file, "r", format=reader, container_options=options, metadata_errors="replace"
    ) as container:
        stream = _sound_in(container, format_)
        stream.codec_context.thread_count = 1
        check_form(stream.channels or 1, stream.rate or 1000)
        yield container, stream


def _sound_in(container: InputContainer, format_: Format) -> AudioStream:
    """The sound that a player would play, of what can be decoded.

    Raises:
        SoundMissing, FormatNotTaken, AudioUnreadable: there is none.
    """
    decoders = {stream: _decoder(stream) for stream in container.streams.audio}
    able = [stream for stream, name in decoders.items() if name in _DECODERS]
    if able:
        best = container.streams.best("audio")
        return next((stream for stream in able if stream is best), able[0])
    named = [name for name in decoders.values() if name]
    if named:
        raise FormatNotTaken(f"{FORMATS[format_].label} ({named[0].upper()})")
    if container.streams.video and not decoders:
        raise SoundMissing(format_)
    raise AudioUnreadable(format_)


def _decoder(stream: AudioStream) -> str | None:
    """FFmpeg's name for what decodes a stream; None where it has nothing for it."""
    context: object = stream.codec_context
    return getattr(context, "name", None)


class _Slice:
    """A stretch of a file as one of its own."""

    def __init__(self, data: Data, stretch: Stretch) -> None:
        self._data = data
        self._stretch = stretch
        self._at = stretch.start

    def read(self, size: int) -> bytes:
        """Up to so many bytes."""
        end = min(self._at + size, self._stretch.end)
        read = bytearray(self._data[self._at : end])
        for place, mended in self._stretch.mended:
            at = place - self._at
            if -len(mended) < at < len(read):
                # A number that stands across the end of what is read keeps its place.
                part = mended[max(0, -at) : len(read) - at]
                read[max(0, at) : max(0, at) + len(part)] = part
        self._at += len(read)
        return bytes(read)

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go to a place, as in any file."""
        base = (self._stretch.start, self._at, self._stretch.end)[whence]
        self._at = max(self._stretch.start, base + offset)
        return self.tell()

    def tell(self) -> int:
        """Where in the stretch it is."""
        return self._at - self._stretch.start
