"""A stand-in for Discord over real sockets: just enough REST and gateway for `python -m bot` to come up."""

import asyncio
import json
from typing import Any

from aiohttp import WSMsgType, web

TOKEN = "stand-in.token"
USER = {"id": "100", "username": "Namesmith", "discriminator": "0", "avatar": None, "bot": True}
APPLICATION = {
    "id": "100",
    "name": "Namesmith",
    "description": "",
    "icon": None,
    "bot_public": True,
    "bot_require_code_grant": False,
    "verify_key": "",
    "flags": 0,
    "owner": {**USER, "id": "200", "username": "host"},
}
_HELLO, _HEARTBEAT, _IDENTIFY, _ACK = 10, 1, 2, 11


def _json(content: Any, status: int = 200) -> web.Response:
    """As Discord sends it: without a charset, which discord.py does not expect."""
    return web.Response(
        body=json.dumps(content).encode(), status=status, headers={"Content-Type": "application/json"}
    )


class StandIn:
    """Runs on a free port of the loopback; `identified` is set when a bot has come up."""

    def __init__(self) -> None:
        self.identified = asyncio.Event()
        self.identify: dict[str, Any] = {}
        self.commands: list[dict[str, Any]] = []
        self.address = ""

    async def __aenter__(self) -> "StandIn":
        app = web.Application(middlewares=[self._authorise])
        app.router.add_get("/api/users/@me", self._me)
        app.router.add_get("/api/oauth2/applications/@me", self._application)
        app.router.add_put("/api/applications/100/commands", self._publish)
        app.router.add_get("/gateway", self._gateway)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.address = f"{host}:{port}"
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self._runner.cleanup()

    @web.middleware
    async def _authorise(self, request: web.Request, handler: Any) -> web.StreamResponse:
        if request.path.startswith("/api") and request.headers.get("Authorization") != f"Bot {TOKEN}":
            return _json({"code": 0, "message": "401: Unauthorized"}, status=401)
        return await handler(request)

    async def _me(self, _request: web.Request) -> web.Response:
        return _json(USER)

    async def _application(self, _request: web.Request) -> web.Response:
        return _json(APPLICATION)

    async def _publish(self, request: web.Request) -> web.Response:
        self.commands = await request.json()
        published = [
            {**command, "id": str(300 + number), "application_id": "100", "version": "1"}
            for number, command in enumerate(self.commands)
        ]
        return _json(published)

    async def _gateway(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"op": _HELLO, "d": {"heartbeat_interval": 41250}, "s": None, "t": None})
        async for message in socket:
            if message.type is not WSMsgType.TEXT:
                continue
            event = message.json()
            if event["op"] == _HEARTBEAT:
                await socket.send_json({"op": _ACK, "d": None, "s": None, "t": None})
            elif event["op"] == _IDENTIFY:
                self.identify = event["d"]
                await socket.send_json({"op": 0, "s": 1, "t": "READY", "d": self._ready()})
                self.identified.set()
        return socket

    def _ready(self) -> dict[str, Any]:
        return {
            "v": 10,
            "user": USER,
            "guilds": [],
            "session_id": "session",
            "resume_gateway_url": f"ws://{self.address}/gateway",
            "application": {"id": "100", "flags": 0},
        }
