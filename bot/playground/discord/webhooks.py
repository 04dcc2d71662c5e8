"""The routes an interaction token opens; they need no bot token, nor count to its rate limit."""

from __future__ import annotations

from aiohttp import web

from .messages import Interaction
from .responses import by_token, edit_by_token, follow_up, its_message, respond
from .wire import answer, read_body
from .world import World


class WebhookRoutes:
    """Callback, @original and follow-ups."""

    def __init__(self, world: World) -> None:
        self._world = world

    def add_routes(self, app: web.Application, api: str) -> None:
        """Put them under the API's path."""
        webhook = f"{api}/webhooks/{{application_id:\\d+}}/{{token}}"
        message = f"{webhook}/messages/{{message}}"
        app.router.add_post(f"{api}/interactions/{{id:\\d+}}/{{token}}/callback", self._callback)
        app.router.add_post(webhook, self._follow_up)
        app.router.add_get(message, self._get)
        app.router.add_patch(message, self._edit)
        app.router.add_delete(message, self._delete)

    async def _callback(self, request: web.Request) -> web.Response:
        body = await read_body(request)
        asked = request.match_info
        response = respond(self._world, int(asked["id"]), asked["token"], body)
        if request.query.get("with_response") in ("1", "true", "True"):
            return answer(response)
        return web.Response(status=204)

    async def _follow_up(self, request: web.Request) -> web.Response:
        body = await read_body(request)
        message = follow_up(self._world, self._interaction(request), body)
        return answer(message.to_json(self._world.cdn))

    async def _get(self, request: web.Request) -> web.Response:
        message = its_message(self._interaction(request), request.match_info["message"])
        return answer(message.to_json(self._world.cdn))

    async def _edit(self, request: web.Request) -> web.Response:
        body = await read_body(request)
        message = its_message(self._interaction(request), request.match_info["message"])
        edit_by_token(self._world, message, body)
        return answer(message.to_json(self._world.cdn))

    async def _delete(self, request: web.Request) -> web.Response:
        message = its_message(self._interaction(request), request.match_info["message"])
        self._world.remove(message)
        return web.Response(status=204)

    def _interaction(self, request: web.Request) -> Interaction:
        asked = request.match_info
        return by_token(self._world, int(asked["application_id"]), asked["token"])
