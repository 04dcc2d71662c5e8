"""The words for what was measured of a track: its tempo, and its end before its beginning."""

from __future__ import annotations

from collections.abc import Collection

from bot.domain.measures import Joint, Measures, Tempo

NONE_LOOPS = "no take loops cleanly"
_LOOPS = {
    (False, False): "loops cleanly",
    (True, False): "loops with a click",
    (False, True): "loops with a jump in loudness",
    (True, True): "loops with a click and a jump in loudness",
}
"""By whether it clicks, and whether it jumps."""


def sure_tempo(measures: Measures | None) -> str | None:
    """The tempo in few words; None where it is not sure enough."""
    if measures is None or measures.tempo is None or not measures.tempo.is_sure:
        return None
    return _about(measures.tempo)


def _about(tempo: Tempo) -> str:
    return f"about {tempo.bpm:.0f} bpm"


def tempo(found: Tempo | None) -> str:
    """A tempo, and how sure it is."""
    if found is None:
        return "Tempo: the track is too short to tell."
    if found.sureness <= 0:
        return "Tempo: I find no beat in it."
    sure = f"{found.sureness:.0%}".replace("%", " %")
    if not found.is_sure:
        return f"Tempo: not sure; {found.bpm:.0f} bpm at a guess ({sure} sure)."
    return f"Tempo: {_about(found)} ({sure} sure)."


def played_again(joint: Joint) -> str:
    """How a track's end meets its beginning."""
    return f"Its end meets its beginning {_met(joint)}."


def looping(joint: Joint) -> str:
    """The same in few words."""
    return _LOOPS[joint.clicks, joint.jumps]


def takes_looping(numbers: Collection[int]) -> str:
    """Which takes of a card loop without a click or a jump."""
    if not numbers:
        return NONE_LOOPS
    return f"loops cleanly: {', '.join(map(str, numbers))}"


def _met(joint: Joint) -> str:
    faults: list[str] = []
    if joint.clicks:
        faults.append(
            f"with a click: a step of {joint.step:.2f}, and {joint.step_around:.2f} at most around"
        )
    if joint.jumps:
        faults.append(
            f"with a jump of {joint.loudness_jump_db:.1f} dB, and "
            f"{joint.loudness_jump_around_db:.1f} dB at most around"
        )
    if faults:
        return " and ".join(faults)
    return (
        f"cleanly: no click, and a change of {joint.loudness_jump_db:.1f} dB, where the music "
        f"around changes by up to {joint.loudness_jump_around_db:.1f} dB"
    )
