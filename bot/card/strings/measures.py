"""The words for what was measured of a track: its tempo, and its end before its beginning."""

from __future__ import annotations

from collections.abc import Collection

from bot.domain.measures import Joint, Measures, Tempo
from bot.locales import Text, _, number, percent

NONE_LOOPS = Text("no take loops cleanly")
# Translators: about a track that is played over and over, in a line of facts.
_LOOPS = {
    (False, False): Text("loops cleanly"),
    (True, False): Text("loops with a click"),
    (False, True): Text("loops with a jump in loudness"),
    (True, True): Text("loops with a click and a jump in loudness"),
}
"""By whether it clicks, and whether it jumps."""


def sure_tempo(measures: Measures | None) -> str | None:
    """The tempo in few words; None where it is not sure enough."""
    if measures is None or measures.tempo is None or not measures.tempo.is_sure:
        return None
    return _about(measures.tempo)


def _about(tempo: Tempo) -> str:
    # Translators: a tempo; {bpm} is a number.
    return _("about {bpm} bpm", bpm=number(round(tempo.bpm)))


def tempo(found: Tempo | None) -> str:
    """A tempo, and how sure it is."""
    if found is None:
        return _("Tempo: the track is too short to tell.")
    if found.sureness <= 0:
        return _("Tempo: I find no beat in it.")
    sure = percent(found.sureness)
    if not found.is_sure:
        bpm = number(round(found.bpm))
        # Translators: {bpm} is a number, {percent} how sure the bot is of it.
        return _("Tempo: not sure; {bpm} bpm at a guess ({percent} sure).", bpm=bpm, percent=sure)
    # Translators: {tempo} is such as "about 120 bpm", {percent} how sure the bot is of it.
    return _("Tempo: {tempo} ({percent} sure).", tempo=_about(found), percent=sure)


def played_again(joint: Joint) -> str:
    """How a track's end meets its beginning."""
    step, step_around = number(joint.step, 2), number(joint.step_around, 2)
    jump = number(joint.loudness_jump_db, 1)
    jump_around = number(joint.loudness_jump_around_db, 1)
    match joint.clicks, joint.jumps:
        case True, True:
            # Translators: about a track that is played over and over. A step is one of the
            # samples of its sound, a jump one of its loudness.
            return _(
                "Its end meets its beginning with a click and a jump: a step of {step}, and "
                "{step_around} at most around; {jump} dB, and {jump_around} dB at most around.",
                step=step,
                step_around=step_around,
                jump=jump,
                jump_around=jump_around,
            )
        case True, False:
            # Translators: about a track that is played over and over. A step is one of the
            # samples of its sound.
            return _(
                "Its end meets its beginning with a click: a step of {step}, and {around} at most "
                "around.",
                step=step,
                around=step_around,
            )
        case False, True:
            # Translators: about a track that is played over and over, and its loudness.
            return _(
                "Its end meets its beginning with a jump of {jump} dB, and {around} dB at most "
                "around.",
                jump=jump,
                around=jump_around,
            )
        case _:
            # Translators: about a track that is played over and over, and its loudness.
            return _(
                "Its end meets its beginning cleanly: no click, and a change of {jump} dB, where "
                "the music around changes by up to {around} dB.",
                jump=jump,
                around=jump_around,
            )


def looping(joint: Joint) -> str:
    """The same in few words."""
    return _LOOPS[joint.clicks, joint.jumps]()


def takes_looping(numbers: Collection[int]) -> str:
    """Which takes of a card loop without a click or a jump."""
    if not numbers:
        return NONE_LOOPS()
    # Translators: {numbers} are those of takes, such as "1, 3".
    return _("loops cleanly: {numbers}", numbers=", ".join(map(str, numbers)))
