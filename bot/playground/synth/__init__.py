"""The playground's synthesizer: small, seeded, made of numpy. It is scenery, not MusicGen.

A prompt is read for tempo, key, instruments and feel (`feel`), a piece is composed from that and
the seed (`composing`), played by a few voices (`voices`), and written as WAV or MP3 (`rendering`).
Audio that is given is listened to (`listening`) and continued, or its melody followed.
"""

from bot.playground.synth.composing import Score, compose
from bot.playground.synth.feel import Feel, read_prompt
from bot.playground.synth.recording import SAMPLE_RATE_HZ, Recording, UnreadableAudioError
from bot.playground.synth.rendering import SynthRequest, render
from bot.playground.synth.sampling import Sampling

__all__ = [
    "SAMPLE_RATE_HZ",
    "Feel",
    "Recording",
    "Sampling",
    "Score",
    "SynthRequest",
    "UnreadableAudioError",
    "compose",
    "read_prompt",
    "render",
]
