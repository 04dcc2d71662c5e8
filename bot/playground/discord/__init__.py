"""A Discord on loopback for one bot and three people: gateway, REST, CDN, web page, actors."""

from .actors import Actor, Used
from .attachments import Attachment
from .clock import Clock
from .interactions import Stage
from .messages import Interaction, Message, Revision
from .model import Channel, Permissions, User
from .rules import Rules
from .server import DiscordStandIn, Request
from .windows import Window
from .wire import ApiError, Code, File, Refused
from .world import NeverHappened, World

__all__ = [
    "Actor",
    "ApiError",
    "Attachment",
    "Channel",
    "Clock",
    "Code",
    "DiscordStandIn",
    "File",
    "Interaction",
    "Message",
    "NeverHappened",
    "Permissions",
    "Refused",
    "Request",
    "Revision",
    "Rules",
    "Stage",
    "Used",
    "User",
    "Window",
    "World",
]
