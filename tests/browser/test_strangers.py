"""Another page that is open in the same browser does nothing here, whatever it tries."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from playwright.async_api import Browser, async_playwright, expect
from yarl import URL

from bot.playground.discord import DiscordStandIn, File
from tests.browser.chromium import FLAGS, Visitor, find_chromium
from tests.browser.conftest import Visit

pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.asyncio(loop_scope="session")]

ATTACK = """async ({base, ada, jam, fault}) => {
  const payload = JSON.stringify({ as: ada, channel_id: jam, content: "I was here" });
  const form = () => {
    const data = new FormData();
    data.append("payload_json", payload);
    return data;
  };
  const tell = (work) => work.then((answer) => `${answer.type} ${answer.status}`, () => "failed");
  const told = {};
  told.cors = await tell(fetch(`${base}/playground/messages`, { method: "POST", body: form() }));
  told.nocors = await tell(
    fetch(`${base}/playground/messages`, { method: "POST", body: form(), mode: "no-cors" }));
  told.json = await tell(
    fetch(`${base}/playground/messages`, { method: "POST", body: payload, mode: "no-cors" }));
  told.door = await tell(
    fetch(`${base}/playground/faults`, { method: "POST", body: fault, mode: "no-cors" }));
  told.read = await tell(fetch(`${base}/`));
  told.beacon = navigator.sendBeacon(`${base}/playground/messages`, form()) ? "sent" : "not sent";
  told.socket = await new Promise((done) => {
    const socket = new WebSocket(`${base.replace("http", "ws")}/playground/live`);
    socket.onmessage = (event) => done(event.data);
    socket.onerror = () => done("failed");
  });
  const frame = document.createElement("iframe");
  frame.name = "frame";
  document.body.append(frame);
  const typed = document.createElement("form");
  Object.assign(typed, { method: "POST", enctype: "multipart/form-data", target: "frame" });
  typed.action = `${base}/playground/messages`;
  const field = document.createElement("input");
  Object.assign(field, { name: "payload_json", value: payload });
  typed.append(field);
  document.body.append(typed);
  await new Promise((done) => { frame.onload = done; typed.submit(); });
  const framed = document.createElement("iframe");
  framed.src = `${base}/`;
  document.body.append(framed);
  await new Promise((done) => { framed.onload = done; });
  const script = document.createElement("script");
  script.src = `${base}/page/main.js`;
  told.script = await new Promise((done) => {
    script.onload = () => done("loaded");
    script.onerror = () => done("failed");
    document.body.append(script);
  });
  return told;
}"""


@asynccontextmanager
async def a_strangers_page(host: str = "127.0.0.1") -> AsyncGenerator[str]:
    """An empty page on a port of its own."""

    async def page(_: web.Request) -> web.Response:
        return web.Response(text="<!doctype html><body>", content_type="text/html")

    app = web.Application()
    app.router.add_get("/", page)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://{host}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def told_of(standin: DiscordStandIn) -> dict[str, Any]:
    """What a stranger's page can know of it, and more."""
    return {
        "base": standin.base_url,
        "ada": str(standin.actor("ada").user.id),
        "jam": str(standin.world.jam.id),
        "fault": json.dumps({"route": "* /*", "times": 100, "status": 500}),
    }


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_another_port_drives_nothing_here(
    browser: Browser, showcase: DiscordStandIn, guest: Visitor, host: str
) -> None:
    before = dict(showcase.world.messages)
    context = await browser.new_context()
    async with context, a_strangers_page(host) as address:
        page = await context.new_page()
        await page.goto(address)
        told = await page.evaluate(ATTACK, told_of(showcase))
        frames = [frame for frame in page.frames if frame.url.startswith(showcase.base_url)]
        shown = [await frame.locator("#composer").count() for frame in frames]
    assert not any(shown), "nobody can be made to click on it unseen"
    # A beacon is sent, or not, and nobody learns what came of it.
    assert {said for way, said in told.items() if way != "beacon"} == {"failed"}
    assert showcase.world.messages == before
    assert showcase.faults.take("GET", "/") is None
    await guest.type("hello")
    await guest.press("Enter")
    await expect(guest.said).to_have_text("hello")


async def test_a_name_that_leads_here_drives_nothing(showcase: DiscordStandIn) -> None:
    """DNS rebinding: the stranger's name is 127.0.0.1 now, and the browser sees one origin."""
    before = dict(showcase.world.messages)
    url = URL(showcase.base_url).with_host("evil.example")
    path = find_chromium()
    assert path is not None
    rule = "--host-resolver-rules=MAP evil.example 127.0.0.1"
    async with async_playwright() as playwright:
        rebound = await playwright.chromium.launch(executable_path=path, args=[*FLAGS, rule])
        page = await rebound.new_page()
        answer = await page.goto(str(url))
        assert answer is not None
        assert answer.status == 421
        told = await page.evaluate(
            """async ({base, ada, jam}) => {
              const data = new FormData();
              data.append("payload_json",
                JSON.stringify({ as: ada, channel_id: jam, content: "I was here" }));
              const answer = await fetch("/playground/messages", { method: "POST", body: data });
              return answer.status;
            }""",
            told_of(showcase),
        )
        await rebound.close()
    assert told == 421
    assert showcase.world.messages == before


@pytest.mark.parametrize("name", ["evil.html", "evil.svg"])
async def test_an_upload_is_no_page_of_ours(
    browser: Browser, showcase: DiscordStandIn, visit: Visit, name: str
) -> None:
    """It is downloaded, and where it is shown all the same, it runs nothing."""
    script = "<script>document.title = 'ran'</script>"
    body = {
        "evil.html": f"<!doctype html>{script}",
        "evil.svg": f'<svg xmlns="http://www.w3.org/2000/svg">{script}</svg>',
    }[name]
    ada = showcase.actor("ada")
    message = await ada.post(showcase.world.jam, "look", [File(name, body.encode())])
    guest = await visit(showcase.base_url)
    await expect(guest.said).to_have_text("look")
    [attachment] = message.attachments
    context = await browser.new_context()
    async with context:
        page = await context.new_page()
        async with page.expect_download() as download:
            await page.evaluate(
                "(url) => { location.href = url }", showcase.world.cdn.url(attachment)
            )
        assert (await download.value).suggested_filename == name
        assert await page.title() != "ran"
