"""Who may ask the server: a token, names that cannot be rebound, requests of its own page only, and nothing large."""

from __future__ import annotations

import hmac
import ipaddress
import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs, urlsplit

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

#: The page loads nothing from elsewhere, runs nothing that stands in its text, and stands in no other page.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
#: Bytes of a request's body, at most.
MOST_BODY = 100_000


@dataclass
class Access:
    """What opens the server.

    Attributes:
        host, port: where it listens.
        token: in the address that the user is told; whoever has it may do all that the page can.
        ticket: in the address that the browser is opened with, which other users of the machine may see in the list of
            processes: good for one visit.
    """

    host: str
    port: int
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    ticket: str = field(default_factory=lambda: secrets.token_urlsafe(24))

    @property
    def cookie(self) -> str:
        """Name of the cookie; browsers keep those of all ports together."""
        return f"geom3d_{self.port}"

    def address(self, secret: str) -> str:
        """Of the page, with a token or the ticket."""
        host = "127.0.0.1" if self.host in ("0.0.0.0", "::") else self.host  # noqa: S104
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}/?token={secret}"

    def admits(self, given: str) -> bool:
        """Whether a token opens the server; the ticket is used up by it."""
        if self.ticket and _same(given, self.ticket):
            self.ticket = ""
            return True
        return _same(given, self.token)

    def names(self, host: str) -> bool:
        """Whether a Host header is one of this server's own.

        A page elsewhere can make its own name point to this machine, but it cannot make an address out of a name.
        """
        try:
            parts = urlsplit(f"//{host}")
            name, port = parts.hostname or "", parts.port or 80
        except ValueError:
            return False
        if port != self.port:
            return False
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return name in ("localhost", self.host)
        return address.is_loopback or not self.is_loopback

    @property
    def is_loopback(self) -> bool:
        """Whether nobody but this machine can reach it."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


def _same(one: str, other: str) -> bool:
    """Whether two secrets are the same, in a time that does not tell how far they are."""
    return hmac.compare_digest(one.encode("utf-8", "surrogatepass"), other.encode())


class Guard:
    """Stands before the application: who has no token, or calls the server by a strange name, gets 403 and no word more."""

    def __init__(self, app: App, access: Access) -> None:
        self.app, self.access = app, access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers, or passes on."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        if not self.access.names(headers.get("host", "")):
            await _refuse(send, 403, "403: this server answers to its own address only")
            return
        given = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]
        by_address = bool(given) and scope["path"] == "/" and self.access.admits(given)
        if not by_address and not self.access_by(headers):
            await _refuse(send, 403, "403: open the address that `geom3d app` printed, with its token")
            return
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != headers.get("host"):
            await _refuse(send, 403, "403: asked by a page from elsewhere")
            return
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > MOST_BODY:
            await _refuse(send, 413, f"413: at most {MOST_BODY} bytes")
            return

        async def sending(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                added = dict(HEADERS)
                if by_address:
                    added["set-cookie"] = f"{self.access.cookie}={self.access.token}; HttpOnly; SameSite=Strict; Path=/"
                message["headers"] = [*message.get("headers", []), *_encoded(added)]
            await send(message)

        await self.app(scope, _limited(receive), sending)

    def access_by(self, headers: MutableMapping[str, str]) -> bool:
        """Whether the cookie, or a header for programs, opens the server."""
        if "x-geom3d-token" in headers:
            return _same(headers["x-geom3d-token"], self.access.token)
        try:
            found = SimpleCookie(headers.get("cookie", "")).get(self.access.cookie)
        except CookieError:
            return False
        return found is not None and _same(found.value, self.access.token)


class TooLargeError(Exception):
    """A body without a length turned out too long."""


def _limited(receive: Receive) -> Receive:
    """Takes in no more of a body than is allowed, whatever length it said it has."""
    taken = 0

    async def receiving() -> MutableMapping[str, Any]:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > MOST_BODY:
            raise TooLargeError
        return message

    return receiving


def _encoded(headers: MutableMapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode()) for name, value in headers.items()]


async def _refuse(send: Send, status: int, words: str) -> None:
    headers = _encoded({**HEADERS, "content-type": "text/plain; charset=utf-8", "content-length": str(len(words))})
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": words.encode()})
