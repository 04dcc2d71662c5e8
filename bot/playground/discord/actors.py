"""People that tests drive: the same deeds as the page's, in Python."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from .commands import Command, Option, OptionType
from .interactions import Stage
from .messages import Interaction, Message
from .modals import Modal
from .model import Channel, Guild, User, VoiceState
from .options import FieldValue, GivenOption
from .people import People, suggestions
from .voice.calls import Calls
from .wire import File, JsonValue, Refused
from .world import PATIENCE_S, NeverHappened, World

_T = TypeVar("_T")
Value = str | int | float | bool | File | User | Channel | None
_NESTS = (OptionType.SUB_COMMAND, OptionType.SUB_COMMAND_GROUP)


class Used:
    """An interaction somebody started, and what came of it."""

    def __init__(self, world: World, interaction: Interaction) -> None:
        self._world = world
        self.interaction = interaction

    @property
    def reply(self) -> Message | None:
        """The message @original names, or None before there is one or once it is deleted."""
        message = self.interaction.original
        return None if message is None or message.deleted else message

    @property
    def followups(self) -> list[Message]:
        """The further messages that still exist."""
        return [message for message in self.interaction.followups if not message.deleted]

    @property
    def ephemeral(self) -> bool:
        """Whether only the person sees the reply."""
        return self.reply is not None and self.reply.ephemeral

    @property
    def modal(self) -> Modal | None:
        """The form the bot opened."""
        return self.interaction.modal

    @property
    def stage(self) -> Stage:
        """Waiting, answered or failed."""
        return self.interaction.stage

    @property
    def answered_after_s(self) -> float | None:
        """Seconds until the first answer, or None before it."""
        at = self.interaction.answered_at
        return None if at is None else at - self.interaction.created_at

    async def answered(self, timeout_s: float = PATIENCE_S) -> Used:
        """Wait for the bot's first answer.

        Raises:
            NeverHappened: when the interaction fails or `timeout_s` pass.
        """
        await self._world.until(lambda _: self.stage is not Stage.WAITING, timeout_s)
        if self.stage is Stage.FAILED:
            text = f"the application did not respond; there was:\n{self._world.transcript()}"
            raise NeverHappened(text)
        return self

    async def until(self, shows: Callable[[Message], _T], timeout_s: float = PATIENCE_S) -> Message:
        """Wait for a reply, no longer thinking, that `shows` is true of.

        Raises:
            NeverHappened: after `timeout_s`.
        """

        def found(_: World) -> Message | None:
            reply = self.reply
            ready = reply is not None and not reply.body.loading and shows(reply)
            return reply if ready else None

        return await self._world.until(found, timeout_s)

    async def finished(self, timeout_s: float = PATIENCE_S) -> Message:
        """Wait for a reply that is no longer thinking."""
        return await self.until(lambda _: True, timeout_s)


class Actor:
    """One of the three people."""

    def __init__(self, world: World, people: People, calls: Calls, username: str) -> None:
        self._world = world
        self._people = people
        self._calls = calls
        self.user = next(user for user in world.people if user.username == username)

    @property
    def dm(self) -> Channel:
        """This person's conversation with the bot."""
        return self._world.dm(self.user)

    def sees(self, channel: Channel) -> list[Message]:
        """The channel's messages as this person sees them, oldest first."""
        return self._world.channel_messages(channel, self.user)

    async def slash(self, channel: Channel, command: str, /, **options: Value) -> Used:
        """Run a slash command; a subcommand is named after a space, None leaves an option out.

        Raises:
            Refused: where Discord's client would not send.
        """
        found, path, leaves = self._command(command, 1)
        files = {f"file:{k}": v for k, v in options.items() if isinstance(v, File)}
        given = _nest(path, [_given(n, v) for n, v in options.items() if v is not None])
        _known(options, leaves)
        return self._used(self._people.use_command(self.user, channel, found, given, files))

    async def message_command(self, message: Message, command: str) -> Used:
        """Run a command from a message's menu.

        Raises:
            Refused: where Discord's client would not send.
        """
        found, _, _ = self._command(command, 3)
        return self._used(
            self._people.use_message_command(self.user, message.channel, found, message)
        )

    async def autocomplete(
        self, channel: Channel, command: str, focused: str, /, **options: Value
    ) -> list[tuple[str, JsonValue]]:
        """The (name, value) pairs offered while typing in the option `focused`.

        Raises:
            Refused: when the bot offers none in time.
        """
        found, path, _ = self._command(command, 1)
        leaves = [_given(n, v, focused=n == focused) for n, v in options.items()]
        if focused not in options:
            leaves.append(GivenOption(name=focused, value="", focused=True))
        interaction = self._people.autocomplete(self.user, channel, found, _nest(path, leaves))
        choices = await suggestions(self._world, interaction)
        return [(str(choice["name"]), choice["value"]) for choice in choices]

    async def click(self, message: Message, name: str) -> Used:
        """Press the button with this custom_id or label.

        Raises:
            Refused: where Discord's client would not send.
        """
        return self._used(self._people.use_component(self.user, message, name))

    async def choose(self, message: Message, custom_id: str, *values: str) -> Used:
        """Choose in a select.

        Raises:
            Refused: where Discord's client would not send.
        """
        return self._used(self._people.use_component(self.user, message, custom_id, values))

    async def submit_modal(
        self,
        opened: Used,
        fields: Mapping[str, FieldValue | File],
        *,
        timeout_s: float = PATIENCE_S,
    ) -> Used:
        """Fill in and send the form `opened` shows, waiting for it first.

        Raises:
            Refused: where Discord's client would not send.
        """
        modal = await self._world.until(lambda _: opened.modal, timeout_s)
        files = {f"file:{k}": v for k, v in fields.items() if isinstance(v, File)}
        given = {k: [f"file:{k}"] if isinstance(v, File) else v for k, v in fields.items()}
        return self._used(
            self._people.submit_modal(self.user, opened.interaction, modal.custom_id, given, files)
        )

    async def post(
        self, channel: Channel, content: str = "", files: Sequence[File] = ()
    ) -> Message:
        """Write an ordinary message.

        Raises:
            Refused: where Discord's client would not send.
        """
        return self._people.post(self.user, channel, content, files)

    async def delete(self, message: Message) -> None:
        """Delete a message, or dismiss an ephemeral one.

        Raises:
            Refused: where Discord's client would not offer it.
        """
        self._people.delete(self.user, message)

    def join_voice(self, channel: Channel) -> VoiceState:
        """Come into a voice channel, from another one perhaps.

        Raises:
            Refused: they may not.
        """
        return self._calls.join(self.user, channel)

    def leave_voice(self, guild: Guild | None = None) -> None:
        """Leave the voice channel of a server, ours unless told."""
        self._calls.leave(self.user, guild or self._world.guild)

    def move(self, user: User, channel: Channel) -> None:
        """Take somebody from one voice channel to another.

        Raises:
            Refused: they may not.
        """
        self._calls.move(self.user, user, channel)

    def disconnect(self, user: User, guild: Guild | None = None) -> None:
        """Throw somebody out of voice.

        Raises:
            Refused: they may not.
        """
        self._calls.disconnect(self.user, user, guild or self._world.guild)

    def let_speak(self, user: User, guild: Guild | None = None) -> None:
        """Let somebody speak on a stage.

        Raises:
            Refused: they may not.
        """
        self._calls.set_suppressed(self.user, user, guild or self._world.guild, suppressed=False)

    def _used(self, interaction: Interaction) -> Used:
        return Used(self._world, interaction)

    def _command(self, words: str, kind: int) -> tuple[Command, list[str], Sequence[Option]]:
        name, *path = words.split() if kind == 1 else [words]
        command = self._world.commands.named(name, kind)
        if command is None:
            known = ", ".join(c.name for c in self._world.commands.every())
            raise Refused(f"There is no command {name}; there is: {known or 'none'}.")
        options: Sequence[Option] = command.form.options
        for word in path:
            options = next((o.options for o in options if o.name == word), ())
        return command, path, options


def _known(options: Mapping[str, Value], leaves: Sequence[Option]) -> None:
    if unknown := set(options) - {leaf.name for leaf in leaves}:
        raise Refused(f"There is no option {', '.join(sorted(unknown))}.")


def _given(name: str, value: Value, *, focused: bool = False) -> GivenOption:
    if isinstance(value, File):
        return GivenOption(name=name, value=f"file:{name}")
    if isinstance(value, User | Channel):
        return GivenOption(name=name, value=str(value.id))
    return GivenOption(name=name, value=value, focused=focused)


def _nest(path: Sequence[str], leaves: list[GivenOption]) -> list[GivenOption]:
    for word in reversed(path):
        leaves = [GivenOption(name=word, options=tuple(leaves))]
    return leaves
