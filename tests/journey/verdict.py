"""What was promised, checked from outside: messages as Discord has them, predictions as Replicate.

An interaction that was acknowledged ends in exactly one delivered track or one truthful sentence,
and in at most one paid prediction.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Protocol

from bot.card import strings
from bot.domain.track_names import seed_in
from bot.playground.discord.actors import Used
from bot.playground.discord.attachments import Attachment
from bot.playground.discord.interactions import Stage
from bot.playground.discord.messages import Message
from bot.playground.discord.model import Channel, ChannelKind
from bot.playground.discord.world import World
from bot.playground.replicate.predictions import Prediction
from tests.journey.rig import Rig, buttons, has_ended, words
from tests.journey.sound import same_samples

_ON_THE_WAY_S = 1.0
"""Longer than a request, or its answer, takes to arrive."""
NOT_STARTED = "nothing was started as far as I can see"
CANCELED = "**Canceled.**"
_TAKES = 3


class Witness(Protocol):
    """Who knows what was run."""

    @property
    def predictions(self) -> Sequence[Prediction]:
        """All of them."""
        ...


class Wish(Enum):
    """What was asked for."""

    SONG = auto()
    TAKES = auto()
    """Three variations of a song, on one card."""
    BROKEN_FILE = auto()
    """A song that goes on from a file which nobody can read."""


@dataclass(frozen=True)
class Asked:
    """One wish of one person, told from all others by its words and seed."""

    used: Used
    prompt: str
    seed: int
    """Of takes, that of the song they vary: the one seed that none of them has."""
    wish: Wish = Wish.SONG

    def is_open(self, world: World) -> bool:
        """Whether its person still waits, be it for the first answer."""
        if self.used.stage is not Stage.ANSWERED:
            return self.used.stage is Stage.WAITING
        if self.is_refused(world) or (self.cleared and world.expired(self.used.interaction)):
            return False
        return not any(has_ended(card) for card in self.cards(world))

    @property
    def cleared(self) -> bool:
        """Whether a moderator deleted the reply before it said what it is about.

        One that was found again after a crash says nothing but that it is in line at first.
        """
        reply = self.used.interaction.original
        if reply is None or not reply.deleted:
            return False
        return reply.body.loading or words(reply).strip() == strings.card.QUEUED()

    def is_refused(self, world: World) -> bool:
        """Whether its person alone was told that nothing comes of it: below their press, perhaps.

        A press of Cancel that came too late hands its token over.
        """
        reply = () if self.used.reply is None else (self.used.reply,)
        if any(m.ephemeral and m.body.content for m in (*reply, *self.used.followups)):
            return True
        interaction = self.used.interaction
        return interaction.original is not None and any(
            message.ephemeral
            and message.interaction is not None
            and message.interaction.message is interaction.original
            and message.interaction.user is interaction.user
            and "Change it" in buttons(message)
            for message in world.messages.values()
        )

    def told_alone(self, world: World) -> bool:
        """Whether a later command brought the refusal of its file, which its person alone saw.

        Nothing in such a message tells what it is about, nor is the old one reached any more.
        """
        interaction = self.used.interaction
        return out_of_reach(interaction.channel) and any(
            message.ephemeral
            and message.body.content
            and message.followup_to is not None
            and message.interaction is not None
            and message.interaction.user is interaction.user
            and message.channel is interaction.channel
            for message in world.messages.values()
        )

    def cards(self, world: World) -> list[Message]:
        """What its person was shown: the reply, or whatever else tells of it.

        Not the reply that nothing reaches any more, where the card has come back elsewhere.
        """
        cards = [
            message
            for message in world.messages.values()
            if message.author is world.bot
            and not message.deleted
            and not _is_call(message)
            and self.owns(message)
        ]
        if any(map(has_ended, cards)):
            return [card for card in cards if has_ended(card) or not _was_left(card, world)]
        return cards

    def owns(self, message: Message) -> bool:
        """Whether a message is about it."""
        titles = [embed.title for embed in message.embeds]
        is_reply = message.interaction is self.used.interaction and message.followup_to is None
        shows_takes = any(line.startswith("**1** · seed") for line in words(message).splitlines())
        is_alike = shows_takes == (self.wish is Wish.TAKES)
        return is_reply or (self.prompt in titles and is_alike)

    def predictions(self, replicate: Witness) -> list[Prediction]:
        """What was paid for it."""
        return [
            prediction
            for prediction in replicate.predictions
            if prediction.input.get("prompt") == self.prompt
            and (prediction.input.get("seed") == self.seed) != (self.wish is Wish.TAKES)
        ]


@dataclass
class Verdict:
    """The sums, and a line for each promise that was broken."""

    acknowledged: int = 0
    unanswered: int = 0
    tracks: int = 0
    sentences: int = 0
    wishes: Counter[Wish] = field(default_factory=Counter[Wish])
    """What was acknowledged, by what was asked for."""
    refused: int = 0
    """Files that could not be read, or no room on the disk, and whose persons were told so."""
    cleared: int = 0
    """Where the bot came too late to see that it had been thinking: a moderator was faster."""
    unread: int = 0
    """Shown by a process that was killed before it knew, to where no other could look: twice."""
    predictions: int = 0
    broken: list[str] = field(default_factory=list[str])


def phase_of(asked: Asked, replicate: Witness) -> str:
    """How far it has come, as far as it shows from outside."""
    if asked.used.stage is Stage.WAITING:
        return "not acknowledged"
    found = asked.predictions(replicate)
    if not found:
        reply = asked.used.reply
        return "just acknowledged" if reply and reply.body.loading else "before the create"
    if not found[0].is_terminal:
        return "running"
    return "between the model and the message"


def judge(
    everything: Iterable[Asked],
    rig: Rig,
    died_at: Sequence[float] = (),
    witness: Witness | None = None,
) -> Verdict:
    """Look at everything that was asked for, once all is quiet.

    `died_at` is when processes were killed, by Discord's clock; `witness` knows what was run, where
    that is not the rig's Replicate.
    """
    witness = witness or rig.replicate
    verdict = Verdict(predictions=len(witness.predictions))
    world = rig.discord.world
    spoken = {message.id for message in world.messages.values() if message.author is world.bot}
    for asked in everything:
        paid = asked.predictions(witness)
        problems = _of_payment(asked, paid)
        if asked.used.stage is Stage.ANSWERED:
            verdict.acknowledged += 1
            verdict.wishes[asked.wish] += 1
            cards = asked.cards(world)
            spoken -= {card.id for card in cards}
            if asked.is_refused(world) and not any(map(has_ended, cards)):
                verdict.refused += 1
                problems += ["paid, and refused"] if paid else []
                verdict.broken += [f"{asked.prompt}: {problem}" for problem in problems]
                continue
            if not (cards or paid) and asked.cleared:
                verdict.cleared += 1
                continue
            if unread := _unread(cards, died_at):
                verdict.unread += 1
                cards = [card for card in cards if card is not unread]
            problems += _of_cards(asked, cards, paid, world, died_at)
            if any(card.attachments for card in cards):
                verdict.tracks += 1
            else:
                verdict.sentences += 1
        else:
            verdict.unanswered += 1
        verdict.broken += [f"{asked.prompt}: {problem}" for problem in problems]
    for message in map(world.messages.__getitem__, spoken):
        if message.interaction is None and not message.deleted and not _is_call(message):
            verdict.broken.append(f"a message that answers nothing: {words(message)!r}")
    return verdict


def out_of_reach(channel: Channel) -> bool:
    """Whether nothing but interaction tokens leads there."""
    return channel.kind in {ChannelKind.FOREIGN, ChannelKind.PRIVATE}


def _unread(cards: list[Message], died_at: Sequence[float]) -> Message | None:
    """The card that nobody could read back, where another one has come in its place."""
    for card in cards:
        ended_at = [r.at for r in card.revisions if has_ended(r.body)]
        if len(cards) > 1 and _is_cut_off(card, ended_at, died_at):
            return card
    return None


def _is_cut_off(message: Message, shown_at: Sequence[float], died_at: Sequence[float]) -> bool:
    """Whether a process was killed as it showed this, where no other one can look."""
    killed = any(abs(at - died) <= _ON_THE_WAY_S for at in shown_at for died in died_at)
    return killed and out_of_reach(message.channel)


def _was_left(card: Message, world: World) -> bool:
    asked = card.interaction
    return asked is not None and out_of_reach(card.channel) and world.expired(asked)


def _is_call(message: Message) -> bool:
    """Whether it only mentions somebody below a card that took long."""
    return bool(message.mentions) and not message.embeds and not message.attachments


def _of_payment(asked: Asked, paid: list[Prediction]) -> list[str]:
    most = {Wish.SONG: 1, Wish.TAKES: _TAKES, Wish.BROKEN_FILE: 0}[asked.wish]
    seeds = {str(prediction.input.get("seed")) for prediction in paid}
    problems = [] if len(paid) == len(seeds) <= most else [f"paid {len(paid)} times"]
    return problems + [f"still {p.status} at Replicate" for p in paid if not p.is_terminal]


def _of_cards(
    asked: Asked,
    cards: list[Message],
    paid: list[Prediction],
    world: World,
    died_at: Sequence[float],
) -> list[str]:
    if asked.told_alone(world) and not paid:
        return []
    if len(cards) != 1:
        return [
            f"{len(cards)} messages: {[words(card) for card in cards]}; {_course(asked, world)}"
        ]
    [card] = cards
    said = words(card)
    if card.body.loading or not has_ended(card):
        return [f"still running: {said!r}; {_course(asked, world)}"]
    if asked.wish is Wish.TAKES:
        return _of_takes(asked, card, paid, world, died_at)
    if not card.attachments:
        untrue = paid and NOT_STARTED in said
        stopped = not paid or paid[0].status == "canceled" or CANCELED in said
        if untrue or not (stopped or paid[0].status != "succeeded"):
            return [f"a track was made, and its person told otherwise: {said!r}"]
        return []
    if len(card.attachments) != 1:
        return [f"{len(card.attachments)} files"]
    return [] if _is_of(card.attachments[0], paid) else ["somebody else's track, or nobody's"]


def _course(asked: Asked, world: World) -> str:
    """What became of the messages of an interaction, for whoever looks for the cause."""
    interaction = asked.used.interaction
    own = [interaction.original, *interaction.followups]
    told = [
        ("deleted, " if message.deleted else "")
        + str([(round(r.at, 2), words(r.body)) for r in message.revisions])
        for message in own
        if message is not None
    ]
    dead = "dead" if world.expired(interaction) else "alive"
    return f"{asked.wish.name} in {interaction.channel.name}, token {dead}: {told}"


def _of_takes(
    asked: Asked, card: Message, paid: list[Prediction], world: World, died_at: Sequence[float]
) -> list[str]:
    """Each file is what was made with the seed in its name, and each that was made is there.

    A card that has moved leaves those behind that came before; then it says so. One that came as
    its process was killed, to where no other could look, comes again.
    """
    again = {file.filename for file in card.attachments}
    earlier = [
        file
        for message in world.messages.values()
        if message is not card and message.author is world.bot and asked.owns(message)
        for file in message.attachments
        if not (
            file.filename in again
            and _is_cut_off(message, _shown_at(message, file.filename), died_at)
        )
    ]
    if earlier and strings.takes.EARLIER() not in words(card):
        return ["nothing tells of the takes in an earlier message"]
    everything = (*earlier, *card.attachments)
    files = {seed_in(file.filename): file for file in everything}
    problems = [] if len(files) == len(everything) else ["a take twice"]
    made = {p.input.get("seed"): p for p in paid if p.status == "succeeded"}
    problems += [
        f"a file of seed {seed} that is not that take"
        for seed, file in files.items()
        if seed not in made or not _is_of(file, [made[seed]])
    ]
    said = words(card).splitlines()
    for seed in made.keys() - files.keys():
        [line] = [line for line in said if f"seed `{seed}`" in line] or [""]
        if "canceled" not in line:
            problems.append(f"a take was made, and its line says {line!r}")
    return problems


def _shown_at(message: Message, filename: str) -> list[float]:
    """When a file came to a message."""
    return [r.at for r in message.revisions if filename in [f.filename for f in r.body.files]][:1]


def _is_of(file: Attachment, paid: list[Prediction]) -> bool:
    if not paid or paid[0].output_file is None:
        return False
    return same_samples(file.data, paid[0].output_file.content)
