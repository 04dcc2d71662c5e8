"""An interaction: what a person did, and how far the bot has come with answering it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, IntEnum

from .commands import Command, OptionType
from .messages import Message
from .modals import Modal
from .model import Channel, ChannelKind, User
from .wire import JsonObject


class InteractionKind(IntEnum):
    """Discord's interaction types."""

    COMMAND = 2
    COMPONENT = 3
    AUTOCOMPLETE = 4
    MODAL = 5


class CallbackType(IntEnum):
    """The first answers a bot can give (docs: receiving-and-responding)."""

    MESSAGE = 4
    DEFERRED_MESSAGE = 5
    DEFERRED_UPDATE = 6
    UPDATE = 7
    AUTOCOMPLETE = 8
    MODAL = 9


class Stage(Enum):
    """How an interaction stands."""

    WAITING = "waiting"
    """No answer yet, the three seconds run."""
    ANSWERED = "answered"
    """The bot has answered; its token works until it expires."""
    FAILED = "failed"
    """The three seconds passed, or the bot was offline."""


@dataclass(eq=False, slots=True)
class Interaction:
    """One interaction; its identity is what matters, so it compares by it."""

    id: int
    token: str = field(repr=False)
    kind: InteractionKind
    user: User
    channel: Channel
    data: JsonObject = field(repr=False)
    created_at: float
    owners: JsonObject
    """`authorizing_integration_owners`."""
    command: Command | None = None
    message: Message | None = None
    """The message whose component was used, also of the modal that came of it."""
    target: Message | None = None
    """The message a message command was used on."""
    opener: Interaction | None = None
    """The interaction whose modal this one submits."""
    stage: Stage = Stage.WAITING
    callback: CallbackType | None = None
    answered_at: float | None = None
    deferred: bool = False
    """A deferred message still waits for its content."""
    original: Message | None = None
    """What @original names."""
    followups: list[Message] = field(default_factory=list[Message])
    modal: Modal | None = None
    choices: list[JsonObject] | None = None

    @property
    def context(self) -> int:
        """0 in a guild, 1 in the bot's DM, 2 in other private channels."""
        if self.channel.guild is not None:
            return 0
        return 1 if self.channel.kind is ChannelKind.DM else 2

    @property
    def user_installed_only(self) -> bool:
        """Whether the app is here only because the person installed it."""
        return "0" not in self.owners

    @property
    def command_name(self) -> str:
        """The command with its subcommands, as people see it."""
        words = [self.command.name if self.command else ""]
        options = self.data.get("options")
        while isinstance(options, list) and options and isinstance(options[0], dict):
            if options[0].get("type") not in (OptionType.SUB_COMMAND, OptionType.SUB_COMMAND_GROUP):
                break
            words.append(str(options[0]["name"]))
            options = options[0].get("options")
        return " ".join(words)

    def metadata(self, followup_to: int | None = None) -> JsonObject:
        """The `interaction_metadata` of a message made by it."""
        json: JsonObject = {
            "id": str(self.id),
            "type": int(self.kind),
            "user": self.user.to_json(),
            "authorizing_integration_owners": self.owners,
        }
        if followup_to is not None:
            json["original_response_message_id"] = str(followup_to)
        if self.kind is InteractionKind.COMMAND and self.command is not None:
            json |= {"name": self.command_name, "command_type": self.command.form.type}
        if self.target is not None:
            json["target_message_id"] = str(self.target.id)
        if self.kind is InteractionKind.COMPONENT and self.message is not None:
            json["interacted_message_id"] = str(self.message.id)
        if self.opener is not None:
            json["triggering_interaction_metadata"] = self.opener.metadata()
        return json
