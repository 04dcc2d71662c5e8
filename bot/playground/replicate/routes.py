"""The routes of the stand-in: one method each, between HTTP and the service."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from aiohttp import web
from pydantic import JsonValue, ValidationError

from bot.domain.clock import Clock
from bot.playground.dates import date_answers
from bot.playground.faults import Faults
from bot.playground.replicate.bodies import read_create, read_list_query
from bot.playground.replicate.delivery import deliver
from bot.playground.replicate.files import Files
from bot.playground.replicate.hosted import Hosted
from bot.playground.replicate.limits import Meter
from bot.playground.replicate.predictions import Prediction
from bot.playground.replicate.problems import JsonObject, Problem
from bot.playground.replicate.scripts import Script, Scripts
from bot.playground.replicate.service import PAGE_SIZE, Predictions
from bot.playground.replicate.webhooks import Webhooks

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_MOST_BODY_BYTES = 120_000_000


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """One request that arrived. `status` is None where the connection was dropped."""

    at: datetime
    method: str
    path: str
    status: int | None


@dataclass(slots=True)
class Api:
    """Everything the routes need."""

    hosted: Sequence[Hosted]
    """All versions, the newest of each model last."""
    predictions: Predictions
    webhooks: Webhooks
    files: Files
    scripts: Scripts
    faults: Faults
    requests: list[RequestRecord]
    meter: Meter
    clock: Clock
    token: str
    base_url: str = ""

    def application(self) -> web.Application:
        """The aiohttp application."""
        app = web.Application(
            middlewares=[self._record, self._meet_faults, self._guard, self._refuse],
            client_max_size=_MOST_BODY_BYTES,
        )
        date_answers(app, self.clock.now)
        self.faults.add_routes(app)
        add = app.router.add_route
        add("POST", "/playground/scripts", self._order_script)
        add("DELETE", "/playground/scripts", self._clear_scripts)
        add("GET", "/delivery/{key}/{name}", self._deliver)
        add("POST", "/v1/predictions", self._create)
        add("GET", "/v1/predictions", self._list)
        add("GET", "/v1/predictions/{id}", self._get)
        add("POST", "/v1/predictions/{id}/cancel", self._cancel)
        add("POST", "/v1/files", self._upload)
        add("GET", "/v1/files", self._list_files)
        add("GET", "/v1/files/{id}", self._get_file)
        add("DELETE", "/v1/files/{id}", self._delete_file)
        add("GET", "/v1/account", self._account)
        add("GET", "/v1/webhooks/default/secret", self._webhook_secret)
        add("GET", "/v1/models/{owner}/{name}", self._model)
        add("GET", "/v1/models/{owner}/{name}/versions", self._versions)
        add("GET", "/v1/models/{owner}/{name}/versions/{version}", self._version)
        return app

    @web.middleware
    async def _record(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        index, arrived = len(self.requests), self.clock.now()
        self.requests.append(RequestRecord(arrived, request.method, request.path, None))
        answer = await handler(request)
        if request.transport is not None and not request.transport.is_closing():
            self.requests[index] = replace(self.requests[index], status=answer.status)
        return answer

    @web.middleware
    async def _meet_faults(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        return await self.faults.middleware()(request, handler)

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let in who has the token, and asks no more often than an account may."""
        if not request.path.startswith("/v1/"):
            return await handler(request)
        try:
            self._authenticate(request)
            headers = self.meter.count(request.method, request.path)
        except Problem as problem:
            return problem.response()
        answer = await handler(request)
        answer.headers.update(headers)
        return answer

    @web.middleware
    async def _refuse(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except Problem as problem:
            return problem.response()
        except web.HTTPNotFound:
            return Problem.not_found().response()

    def _authenticate(self, request: web.Request) -> None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() not in {"token", "bearer"} or not token:
            raise Problem.unauthenticated(token_given=False)
        if token.strip() != self.token:
            raise Problem.unauthenticated(token_given=True)

    async def _create(self, request: web.Request) -> web.Response:
        order = read_create(await request.read(), request.headers, self.hosted)
        prediction = self.predictions.create(order)
        if order.wait_s is None:
            return _json(self.shown(prediction), 201)
        ended = await self.predictions.ended(prediction, order.wait_s)
        shown = self.shown(prediction)
        if ended and prediction.status == "succeeded":
            shown = shown | {"status": "processing", "logs": ""}
            del shown["metrics"]
        applied = {"Preference-Applied": request.headers["Prefer"]}
        return _json(shown, 201, headers=applied)

    async def _get(self, request: web.Request) -> web.Response:
        prediction = self.predictions.get(request.match_info["id"])
        return _json(self.shown(prediction))

    async def _cancel(self, request: web.Request) -> web.Response:
        prediction = self.predictions.get(request.match_info["id"])
        self.predictions.cancel(prediction)
        return _json(self.shown(prediction))

    async def _list(self, request: web.Request) -> web.Response:
        query = read_list_query(request.query)
        page, has_more = self.predictions.page(query)

        def at(skipped: int) -> str:
            url = request.url.update_query(cursor=str(skipped))
            return f"{self.base_url}{url.path_qs}"

        newer = max(0, query.skipped - PAGE_SIZE)
        answer: JsonObject = {
            "next": at(query.skipped + PAGE_SIZE) if has_more else None,
            "previous": at(newer) if query.skipped else None,
            "results": [self.shown(prediction, in_list=True) for prediction in page],
        }
        return _json(answer)

    async def _upload(self, request: web.Request) -> web.Response:
        file = await self.files.receive(request)
        return _json(file.as_json(self.base_url), 201)

    async def _list_files(self, _: web.Request) -> web.Response:
        results = [file.as_json(self.base_url) for file in self.files.list()]
        return _json({"previous": None, "next": None, "results": list(results)})

    async def _get_file(self, request: web.Request) -> web.Response:
        return _json(self.files.get(request.match_info["id"]).as_json(self.base_url))

    async def _delete_file(self, request: web.Request) -> web.Response:
        self.files.delete(request.match_info["id"])
        return web.Response(status=204)

    async def _account(self, _: web.Request) -> web.Response:
        who: JsonObject = {"type": "user", "username": "playground", "name": "The playground"}
        return _json(who)

    async def _webhook_secret(self, _: web.Request) -> web.Response:
        return _json({"key": self.webhooks.secret})

    async def _model(self, request: web.Request) -> web.Response:
        *_, hosted = self._versions_of(request)
        owner, _, name = hosted.model.partition("/")
        shown: JsonObject = {
            "url": f"{self.base_url}/{hosted.model}",
            "owner": owner,
            "name": name,
            "description": "The playground's synthesizer, not MusicGen.",
            "visibility": "public",
            "github_url": None,
            "paper_url": None,
            "license_url": None,
            "run_count": len(self.predictions.all),
            "cover_image_url": None,
            "default_example": None,
            "latest_version": hosted.as_json(),
        }
        return _json(shown)

    async def _versions(self, request: web.Request) -> web.Response:
        results: list[JsonValue] = [one.as_json() for one in self._versions_of(request)]
        return _json({"previous": None, "next": None, "results": results})

    async def _version(self, request: web.Request) -> web.Response:
        for hosted in self._versions_of(request):
            if hosted.version == request.match_info["version"]:
                return _json(hosted.as_json())
        raise Problem.not_found()

    async def _deliver(self, request: web.Request) -> web.Response:
        prediction, file = self.predictions.output(request.match_info["key"])
        if request.match_info["name"] != file.name:
            raise Problem.not_found()
        if (status := prediction.script.delivery_status) is not None:
            return web.Response(status=status, text="")
        return deliver(request, file, prediction.completed_at or prediction.created_at)

    async def _order_script(self, request: web.Request) -> web.Response:
        try:
            self.scripts.order(Script.model_validate_json(await request.read()))
        except ValidationError as error:
            raise Problem(422, "Input validation failed", str(error)) from error
        return web.Response(status=204)

    async def _clear_scripts(self, _: web.Request) -> web.Response:
        self.scripts.clear()
        return web.Response(status=204)

    def _versions_of(self, request: web.Request) -> list[Hosted]:
        asked = f"{request.match_info['owner']}/{request.match_info['name']}"
        found = [one for one in self.hosted if one.model == asked]
        if not found:
            raise Problem.not_found()
        return found

    def shown(self, prediction: Prediction, *, in_list: bool = False) -> JsonObject:
        """A prediction as the API shows it now."""
        removed = self.predictions.is_removed(prediction)
        return prediction.as_json(self.base_url, removed=removed, in_list=in_list)


def _json(
    value: JsonObject, status: int = 200, *, headers: dict[str, str] | None = None
) -> web.Response:
    sent = {"Content-Type": "application/json"} | (headers or {})
    return web.Response(status=status, body=json.dumps(value).encode(), headers=sent)
