"""What an action of a card is: how its button looks, its form, what a press does.

Each has a module of its own in `bot.card.actions`. What it does, it does by way of an
`ActionContext`, so that it can be read, and tested, without Discord's connection.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import discord

from bot.card.audio_attachments import AudioAttachment
from bot.card.drafts import Draft, Drafts
from bot.card.forms import CardForm, FormOption, SubmittedForm
from bot.community.jam_budget import JamBudget
from bot.community.presets import Presets
from bot.community.server_rules import ServerRules
from bot.community.stars import Stars
from bot.domain.clock import Clock
from bot.domain.generation import Generation
from bot.domain.inputs import InputTable
from bot.domain.request import AnyRequest, GenerationRequest
from bot.domain.server_rules import Change
from bot.engine.service import GenerationService
from bot.jam.jam import Jam, Terms
from bot.jam.request import JamRequest
from bot.jam.service import Jams
from bot.locales import Text
from bot.voice.session import Item, Session, Source

T = TypeVar("T")

_REMEMBERED = 1000


class Recent(OrderedDict[int, T], Generic[T]):
    """The last thousand of something, by Discord's ids."""

    def __setitem__(self, key: int, value: T) -> None:
        super().__setitem__(key, value)
        self.move_to_end(key)
        while len(self) > _REMEMBERED:
            self.popitem(last=False)


@dataclass(frozen=True, slots=True)
class Memory:
    """What the presses of one process leave for later ones."""

    delete_presses: Recent[discord.Interaction]
    """By their card's message: their tokens delete it where the bot's own does not."""
    audio_in_messages: Recent[list[AudioAttachment]]
    """By message, for those whose form is open: a form's own interaction does not tell."""
    offers: Recent[GenerationRequest]
    """By interaction: what was asked for, where a limit has room for less."""
    cards: Recent[discord.Message]
    """By message: cards whose audio the buttons below their Info are about."""


class ActionContext(Protocol):
    """One interaction with a card, and what an action may do about it."""

    interaction: discord.Interaction
    service: GenerationService
    stars: Stars
    presets: Presets
    jams: Jams
    jam_budget: JamBudget
    clock: Clock
    memory: Memory
    server_rules: ServerRules
    draft: Draft | None
    """What this form, or the one to be opened, was refused with before."""
    drafts: Drafts

    def check_rules(self, *, card_of: int | None = None, audio_of: int | None = None) -> None:
        """Hold this interaction against the server's rules; see `Asked`.

        Raises:
            RequestRefused: they do not allow it.
        """
        ...

    def check_block(self) -> None:
        """Hold its person against blocks alone: where nothing is made, but decided for others.

        Raises:
            PersonBlocked: they are.
        """
        ...

    async def acknowledge_once(self, generation_id: str) -> None:
        """Defer, before anything is done that does harm when it is done twice.

        Raises:
            DeliveredTwice: Discord has delivered this interaction before.
            discord.HTTPException: Discord has not taken it.
        """
        ...

    async def start(self, request: AnyRequest, takes: int = 1) -> None:
        """Make it for whoever pressed, in a new reply to them.

        Raises:
            RequestRefused: it cannot be run, or not here, or not be journalled in time.
        """
        ...

    async def reopen(self, draft_id: str) -> None:
        """Open a form as its person left it.

        Raises:
            DraftGone: it is not kept any more.
        """
        ...

    async def is_owner(self) -> bool:
        """Whether the bot is this person's, or their team's."""
        ...

    async def announce(self, changes: Sequence[Change]) -> None:
        """Post what was changed to the server's log channel, where it has one."""
        ...

    async def start_jam(self, request: JamRequest) -> None:
        """Begin a jam here, as `/jam start` does.

        Raises:
            RequestRefused: not here, or not with this.
        """
        ...

    async def branch_jam(self, jam_id: str, theme: str | None, sections: int | None) -> None:
        """Begin a jam here with the piece of another one, as `/jam branch` does.

        Raises:
            RequestRefused: not here, or not with this.
        """
        ...

    async def begin_jam(self, terms: Terms, file: AudioAttachment, made: Generation | None) -> None:
        """Begin a jam here with this audio, which is what was `made` where it is one of ours.

        Raises:
            RequestRefused: not here, or not with this.
        """
        ...

    async def play_piece(self, jam: Jam) -> None:
        """Let whoever pressed hear a jam's piece, and nobody else."""
        ...

    async def play_in_voice(self, items: Sequence[Item], source: Source) -> None:
        """Play it in the voice channel that whoever pressed is in.

        Raises:
            RequestRefused: not here, or not by them.
        """
        ...

    async def change_voice(self, rule: Callable[[Session], Session]) -> None:
        """Have what plays here changed, for one who listens.

        Raises:
            RequestRefused: nothing plays, or they do not listen.
        """
        ...

    def thinking(self, *, ephemeral: bool = False) -> AbstractAsyncContextManager[None]:
        """Acknowledge, and surround what ends in an answer, which no kill leaves open for ever."""
        ...

    async def repost(self, generation: Generation, note: str = "") -> None:
        """Show a track once more, in the reply that was deferred; `note` is about that place."""
        ...

    async def make_loop(self, take: Generation, card: discord.Message | None) -> None:
        """Show the best loop of a track in the reply that was deferred; for `card` see `pack`."""
        ...

    async def pack(self, tracks: Sequence[Generation], card: discord.Message | None) -> None:
        """Give tracks, oldest first, in one file, in the reply that was deferred.

        `card` shows some of them; None where it is to be read again.
        """
        ...


Press = Callable[[ActionContext, str], Awaitable[None]]
"""Answers a press, given what the button is about; or a choice, given what was chosen."""
Request = Callable[[ActionContext, SubmittedForm], Awaitable[AnyRequest]]
"""What is asked for by a form that somebody has sent."""

Form = Callable[[ActionContext, str], Awaitable[CardForm]]
"""The form of an action, given what it is about."""

Submit = Callable[[ActionContext, SubmittedForm], Awaitable[None]]
"""Answers such a form."""


def opens(form: Form) -> Press:
    """A press that opens this form."""

    async def press(context: ActionContext, about: str) -> None:
        opened = await form(context, about)
        await opened.send(context.interaction)

    return press


def always(_: InputTable) -> bool:
    """Whatever the model takes."""
    return True


@dataclass(frozen=True, slots=True)
class MenuEntry:
    """An entry in the Apps menu of every message, which opens a form about its audio."""

    label: Text
    form: Callable[[str, Sequence[FormOption]], CardForm]
    """Given the message's id, and its files to choose from."""


@dataclass(frozen=True, slots=True, eq=False)
class Action:
    """Something that people do by a button, a select, a form, or a message's menu."""

    name: str
    """In the custom_ids of messages out there: it stays."""
    press: Press
    label: Text | None = None
    emoji: str | None = None
    """Few have one: a row of a phone is narrow."""
    style: discord.ButtonStyle = discord.ButtonStyle.secondary
    is_of_a_take: bool = False
    """A card of several takes has a button for each that was delivered."""
    submit: Submit | None = None
    """For forms that make no music."""
    makes: bool = False
    """Whether it posts music, so that the rules of the server have to allow it."""
    offered: Callable[[InputTable], bool] = always
    """Whether the model that runs here takes what it needs."""
    form: Form | None = None
    """For actions that open one, so that it can be opened again."""
    request: Request | None = None
    """What such a form asks for."""
    menu: MenuEntry | None = None
