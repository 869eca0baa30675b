"""A stand-in for Discord over real sockets: just enough REST and gateway for `python -m bot` to answer.

Its REST fails as it is told, and its gateway closes, resumes, and forgets sessions.
"""

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
_DISPATCH, _HEARTBEAT, _IDENTIFY, _RESUME, _RECONNECT, _INVALID, _HELLO, _ACK = 0, 1, 2, 6, 7, 9, 10, 11


def _json(content: Any, status: int = 200) -> web.Response:
    """As Discord sends it: without a charset, which discord.py does not expect."""
    return web.Response(
        body=json.dumps(content).encode(), status=status, headers={"Content-Type": "application/json"}
    )


async def _content(request: web.Request) -> dict[str, Any]:
    """The payload, of which files are a part of their own."""
    if request.content_type == "application/json":
        return await request.json()
    return json.loads((await request.post())["payload_json"])


def failing(status: int, message: str = "failing") -> web.Response:
    """An answer of Discord's when it is ill, or when it was asked too much, or wrongly."""
    if status != 429:
        return _json({"code": 0, "message": message}, status=status)
    limited = _json({"message": "You are being rate limited.", "retry_after": 0.1, "global": False}, status)
    limited.headers["Via"] = "1.1 google"  # from Discord itself, and not from whoever is before it
    return limited


_SERVER = {"id": "400", "name": "Home", "member_count": 1, "roles": [], "channels": [], "members": []}
_MESSAGE = {
    "id": "700",
    "channel_id": "500",
    "author": USER,
    "content": "",
    "timestamp": "2026-01-01T00:00:00+00:00",
    "edited_timestamp": None,
    "tts": False,
    "mention_everyone": False,
    "mentions": [],
    "mention_roles": [],
    "attachments": [],
    "embeds": [],
    "pinned": False,
    "type": 0,
    "flags": 0,
    "components": [],
}
_RESOURCES = {4: {"type": 4, "message": _MESSAGE}}
"""What an answer has made, by its type."""


def _with_button(custom_id: str) -> dict[str, Any]:
    """A message with a button to press."""
    button = {"type": 2, "style": 2, "label": "-", "custom_id": custom_id}
    return {**_MESSAGE, "components": [{"type": 1, "components": [button]}]}


class StandIn:
    """Runs on a free port of the loopback; `identified` is set when a bot has come up."""

    def __init__(self) -> None:
        self.identified = asyncio.Event()
        self.identify: dict[str, Any] = {}
        self.commands: list[dict[str, Any]] = []
        self.address = ""
        self.answers: dict[str, list[str]] = {}
        """What each interaction was told, by its ID; one that was told twice is told of twice."""
        self.faults: list[web.Response] = []
        """What the next answers of the bot meet with instead of being taken."""
        self.forgets = False
        """Whether the session is unknown to the gateway when the bot wants to resume it."""
        self.resumed = 0
        self._told = asyncio.Condition()
        self._interactions = 0
        self._events: list[dict[str, Any]] = []
        self._socket: web.WebSocketResponse | None = None

    async def __aenter__(self) -> "StandIn":
        app = web.Application(middlewares=[self._authorise])
        app.router.add_get("/api/users/@me", self._me)
        app.router.add_get("/api/oauth2/applications/@me", self._application)
        app.router.add_put("/api/applications/100/commands", self._publish)
        app.router.add_post("/api/interactions/{id}/{token}/callback", self._callback)
        app.router.add_post("/api/webhooks/100/{id}", self._followup)
        app.router.add_patch("/api/webhooks/100/{id}/messages/@original", self._followup)
        app.router.add_patch("/api/channels/{channel}/messages/{message}", self._message)
        app.router.add_post("/api/channels/{channel}/messages", self._message)
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

    async def command(self, name: str, *, in_server: bool = False, **options: Any) -> str:
        """Have a member use a command, in direct messages or in a server; the interaction's ID."""
        kinds = {str: 3, int: 4, bool: 5}
        given = [{"name": key, "type": kinds[type(value)], "value": value} for key, value in options.items()]
        group, _, subcommand = name.partition(" ")
        if subcommand:
            given = [{"name": subcommand, "type": 1, "options": given}]
        return await self._interact(2, {"id": "300", "name": group, "type": 1, "options": given}, in_server)

    async def press(self, custom_id: str) -> str:
        """Have a member press a button in direct messages."""
        return await self._interact(3, {"custom_id": custom_id, "component_type": 2}, in_server=False)

    async def submit(self, custom_id: str, **fields: str) -> str:
        """Have a member send off a form in a server."""
        rows = [
            {"type": 18, "component": {"type": 4, "custom_id": name, "value": value}}
            for name, value in fields.items()
        ]
        return await self._interact(5, {"custom_id": custom_id, "components": rows}, in_server=True)

    async def _interact(self, kind: int, data: dict[str, Any], in_server: bool) -> str:
        self._interactions += 1
        number = str(1000 + self._interactions)
        user = {"id": "600", "username": "alice", "discriminator": "0", "avatar": None}
        member = {"user": user, "roles": [], "joined_at": "2026-01-01T00:00:00+00:00", "permissions": "32"}
        member |= {"deaf": False, "mute": False, "flags": 0}
        where = (
            {"guild_id": "400", "guild": {"id": "400", "locale": "en-US", "features": []}, "member": member}
            if in_server
            else {"user": user}
        )
        await self._dispatch(
            "INTERACTION_CREATE",
            {
                "id": number,
                "application_id": "100",
                "type": kind,
                "token": number,
                "version": 1,
                "data": data,
                "channel_id": "500",
                "channel": {"id": "500", "type": 0, "name": "general", "position": 0}
                if in_server
                else {"id": "500", "type": 1},
                **where,
                **({"message": _with_button(data["custom_id"])} if kind == 3 else {}),
                "locale": "en-US",
                "entitlements": [],
                "authorizing_integration_owners": {},
                "context": 0 if in_server else 1,
                "attachment_size_limit": 0,
                "app_permissions": "0",
            },
        )
        return number

    async def told(self, number: str, after: int = 0) -> str:
        """What an interaction is told first, or after so many other answers."""
        async with asyncio.timeout(30), self._told:
            await self._told.wait_for(lambda: len(self.answers.get(number, ())) > after)
        return self.answers[number][after]

    async def close_gateway(self, *, by_request: bool = False) -> None:
        """Break the gateway's connection, or ask the bot to connect again."""
        assert self._socket is not None
        socket, self._socket = self._socket, None
        if by_request:
            await socket.send_json({"op": _RECONNECT, "d": None, "s": None, "t": None})
        else:
            await socket.close(code=4000)

    async def _dispatch(self, kind: str, content: dict[str, Any]) -> None:
        """Send an event, or keep it for when the bot resumes."""
        event = {"op": _DISPATCH, "s": len(self._events) + 1, "t": kind, "d": content}
        self._events.append(event)
        if self._socket is not None:
            await self._socket.send_json(event)

    async def _callback(self, request: web.Request) -> web.Response:
        if self.faults:
            return await self._fail()
        number = request.match_info["id"]
        content = await _content(request)
        if number in self.answers:
            return _json({"code": 40060, "message": "already acknowledged"}, status=400)
        await self._note(number, content)
        return _json({"interaction": {"id": number, "type": 2}, "resource": _RESOURCES.get(content["type"])})

    async def _followup(self, request: web.Request) -> web.Response:
        if self.faults:
            return await self._fail()
        await self._note(request.match_info["id"], await _content(request))
        return _json(_MESSAGE)

    async def _message(self, request: web.Request) -> web.Response:
        await request.read()
        return _json(_MESSAGE)

    async def _fail(self) -> web.Response:
        async with self._told:
            self._told.notify_all()
            return self.faults.pop(0)

    async def failed(self) -> None:
        """Wait until the bot has met with all faults."""
        async with asyncio.timeout(30), self._told:
            await self._told.wait_for(lambda: not self.faults)

    async def _note(self, number: str, content: dict[str, Any]) -> None:
        async with self._told:
            self.answers.setdefault(number, []).append(json.dumps(content))
            self._told.notify_all()

    @web.middleware
    async def _authorise(self, request: web.Request, handler: Any) -> web.StreamResponse:
        has_own_token = request.path.startswith(("/api/interactions", "/api/webhooks", "/gateway"))
        if not has_own_token and request.headers.get("Authorization") != f"Bot {TOKEN}":
            return _json({"code": 0, "message": "401: Unauthorized"}, status=401)
        return await handler(request)

    async def _me(self, _request: web.Request) -> web.Response:
        return _json(USER)

    async def _application(self, _request: web.Request) -> web.Response:
        return _json(APPLICATION)

    async def _publish(self, request: web.Request) -> web.Response:
        self.commands = await request.json()
        published = [
            {"description": "", **command, "id": str(300 + number), "application_id": "100", "version": "1"}
            for number, command in enumerate(self.commands)
        ]
        return _json(published)

    async def _gateway(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"op": _HELLO, "d": {"heartbeat_interval": 41250}, "s": None, "t": None})
        self._socket = socket
        async for message in socket:
            if message.type is not WSMsgType.TEXT:
                continue
            event = message.json()
            if event["op"] == _HEARTBEAT:
                await socket.send_json({"op": _ACK, "d": None, "s": None, "t": None})
            elif event["op"] == _IDENTIFY:
                self.identify = event["d"]
                self._events = []
                await self._dispatch("READY", self._ready())
                await self._dispatch("GUILD_CREATE", _SERVER)
                self.identified.set()
            elif event["op"] == _RESUME and self.forgets:
                await socket.send_json({"op": _INVALID, "d": False, "s": None, "t": None})
            elif event["op"] == _RESUME:
                for missed in self._events[event["d"]["seq"] :]:
                    await socket.send_json(missed)
                self.resumed += 1
                await self._dispatch("RESUMED", {})
        return socket

    def _ready(self) -> dict[str, Any]:
        return {
            "v": 10,
            "user": USER,
            "guilds": [{"id": _SERVER["id"], "unavailable": True}],
            "session_id": "session",
            "resume_gateway_url": f"ws://{self.address}/gateway",
            "application": {"id": "100", "flags": 0},
        }
