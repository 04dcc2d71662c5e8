"""What the page sends, read: who does it, and where."""

from __future__ import annotations

from typing import TypeVar

from aiohttp import web

from .forms import Form, parse
from .model import Channel, User
from .wire import ApiError, Body, Refused, answer
from .world import World

_FormT = TypeVar("_FormT", bound=Form)


def read_form(form: type[_FormT], body: Body) -> _FormT:
    """A deed.

    Raises:
        Refused: it is none that the playground knows.
    """
    try:
        return parse(form, body.json)
    except ApiError as error:
        raise Refused(f"The request is not one the playground knows: {error.errors}") from error


def person_of(world: World, user_id: str) -> User:
    """One of the people.

    Raises:
        Refused: nobody has this id.
    """
    for user in world.people:
        if str(user.id) == user_id:
            return user
    raise Refused("Nobody here has this id.")


def place_of(world: World, channel_id: int) -> Channel:
    """A channel.

    Raises:
        Refused: there is none with this id.
    """
    channel = world.channels.get(channel_id)
    if channel is None:
        raise Refused("This channel does not exist.")
    return channel


def sorry(error: Refused) -> web.Response:
    """What the page shows instead."""
    return answer({"error": str(error)}, status=400)
