"""The server: the page, what it asks, and files to be saved; begins and ends with the command."""

from __future__ import annotations

import asyncio
import json
import socket
import tempfile
from collections.abc import Callable, Mapping
from contextlib import aclosing
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from geom3d._version import __version__
from geom3d.app.access import Access, Guard, Receive, Scope, Send, TooLargeError
from geom3d.app.crew import Crew, Part
from geom3d.core.errors import InputError, OutputError

#: Where the page is unless told otherwise.
HOST, PORT = "127.0.0.1", 8765
#: The template that a page begins with unless told otherwise.
FIRST = "trenches-notten-2007"
#: What the page consists of: package and path of each part, and its kind.
PARTS = {
    "/app.css": ("geom3d.app", ("app.css",), "text/css"),
    "/app.js": ("geom3d.app", ("app.js",), "text/javascript"),
    "/form.js": ("geom3d.app", ("form.js",), "text/javascript"),
    "/viewer.js": ("geom3d.comparison", ("viewer.js",), "text/javascript"),
    "/three.js": ("geom3d.comparison", ("three", "three.min.js"), "text/javascript"),
    "/icon.svg": ("geom3d.app", ("icon.svg",), "image/svg+xml"),
}
KINDS = {
    ".zip": "application/zip",
    ".3mf": "model/3mf",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".html": "text/html",
}
KINDS |= {".json": "application/json", ".toml": "application/toml", ".stl": "model/stl"}


def require_installed() -> None:
    """Raises an OutputError where the libraries of a server are missing."""
    if any(find_spec(name) is None for name in ("starlette", "uvicorn")):
        raise OutputError("app: needs starlette and uvicorn: pip install 'geom3d[app]'")


def serve(
    template: str | None,
    *,
    host: str = HOST,
    port: int | None = None,
    on_ready: Callable[[Access], None],
) -> None:
    """Serves the page until Ctrl-C.

    Args:
        template: name of a shipped template or path of a file, which the page begins with; `FIRST` if None.
        host: address to listen on.
        port: 0 for any free one; `PORT`, or any free one where that is taken, if None.
        on_ready: called when the page can be opened.

    Raises:
        InputError: where there is no such template, or the address cannot be listened on.
        OutputError: where the libraries of a server are missing.
    """
    require_installed()
    listener = _listener(host, port)
    access = Access(host, listener.getsockname()[1])
    try:
        asyncio.run(_serve(template, listener, access, on_ready))
    except KeyboardInterrupt:
        return
    finally:
        listener.close()


async def _serve(
    template: str | None, listener: socket.socket, access: Access, on_ready: Callable[[Access], None]
) -> None:
    import uvicorn

    start, own = _start(template)
    crew = Crew(own)
    try:
        crew.start()
        if template is not None:  # before anybody is sent to the page
            await _require(crew, start)
        settings = uvicorn.Config(
            application(access, crew, start),
            lifespan="off",
            log_level="error",
            access_log=False,
            server_header=False,
            ws="none",
            limit_concurrency=100,
            timeout_graceful_shutdown=1,
        )
        on_ready(access)
        server = uvicorn.Server(settings)
        end = server.shutdown

        async def shutdown(sockets: list[socket.socket] | None = None) -> None:
            await crew.give_up()  # answers that are under way would hold it up
            await end(sockets)

        server.shutdown = shutdown
        await server.serve(sockets=[listener])
    finally:
        crew.close()


def _start(template: str | None) -> tuple[dict[str, str], dict[str, Path]]:
    """What the page begins with, and the user's own file."""
    if template is None or not (template.endswith(".toml") or Path(template).is_file()):
        return {"template": template or FIRST}, {}
    path = Path(template).resolve()
    return {"template": path.name}, {path.name: path}


async def _require(crew: Crew, start: Mapping[str, str]) -> None:
    async for part in crew.answer({"do": "form", "source": start}):
        if part["kind"] == "error":
            raise InputError(part["message"])


def _listener(host: str, port: int | None) -> socket.socket:
    """A socket that listens.

    Raises:
        InputError: where it cannot.
    """
    if port is not None and not 0 <= port <= 65535:
        raise InputError(f"port: must be a number from 0 to 65535; got {port}")
    last: OSError | None = None
    for number in (PORT, 0) if port is None else (port,):
        try:
            family, _, _, _, place = socket.getaddrinfo(host, number, type=socket.SOCK_STREAM)[0]
            return socket.create_server(place[:2], family=family, backlog=64)
        except OSError as error:
            last = error
    assert last is not None
    raise InputError(f"port: cannot listen on {host}, port {port}: {last.strerror or last}")


def application(access: Access, crew: Crew, start: Mapping[str, str]) -> Guard:
    """The application behind its guard.

    Args:
        access: what opens it.
        crew: who does the work.
        start: the source that the page begins with.
    """
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    page = _asset("geom3d.app", "app.html").decode().replace("{{ version }}", __version__)
    page = page.replace("{{ start }}", json.dumps(dict(start)).replace('"', "&quot;"))

    async def show(request: Request) -> Response:
        return Response(page, media_type="text/html")

    async def part(request: Request) -> Response:
        package, path, kind = PARTS[request.url.path]
        return Response(_asset(package, *path), media_type=kind)

    async def answer(request: Request) -> Any:
        job = await _job(request, ("form", "design", "section"))
        tab, turn = str(request.query_params.get("tab", ""))[:64], str(request.query_params.get("turn", "0"))[:12]
        return Lines(crew, job, tab, int(turn) if turn.isdecimal() else 0) if isinstance(job, dict) else job

    async def file(request: Request) -> Any:
        job = await _job(request, ("file",))
        return Saved(crew, job) if isinstance(job, dict) else job

    routes = [Route("/", show), *(Route(path, part) for path in PARTS)]
    routes += [Route("/answer", answer, methods=["POST"]), Route("/file", file, methods=["POST"])]
    return Guard(Starlette(routes=routes), access)


def _asset(package: str, *path: str) -> bytes:
    return (files(package) / "assets").joinpath(*path).read_bytes()


async def _job(request: Any, does: tuple[str, ...]) -> Any:
    """The job that a request asks for, or the response that refuses it."""
    from starlette.responses import PlainTextResponse

    if request.headers.get("content-type", "").partition(";")[0] != "application/json":
        return PlainTextResponse("415: JSON only", 415)
    try:
        asked = json.loads(await request.body())
    except TooLargeError:
        return PlainTextResponse("413: too large", 413)
    except (ValueError, RecursionError):
        return PlainTextResponse("400: no JSON", 400)
    if not isinstance(asked, dict) or asked.get("do") not in does:
        return PlainTextResponse(f"400: do must be one of {', '.join(does)}", 400)
    return {key: asked.get(key) for key in ("do", "source", "changes", "transport", "file", "against")}


def _design(job: Mapping[str, Any]) -> str:
    return json.dumps([job["source"], job["changes"]], sort_keys=True)


class Lines:
    """An answer, a line of JSON for each part as soon as it is there; the work ends when the reader goes."""

    def __init__(self, crew: Crew, job: Mapping[str, Any], tab: str, turn: int) -> None:
        self._crew, self._job, self._tab, self._turn = crew, job, tab, turn

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Writes it."""
        headers = [(b"content-type", b"application/x-ndjson; charset=utf-8")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        loop = asyncio.get_running_loop()
        gone = loop.create_task(_gone(receive))
        writing = loop.create_task(self._write(send))
        try:
            await asyncio.wait({gone, writing}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (gone, writing):
                task.cancel()
            await asyncio.gather(gone, writing, return_exceptions=True)
        if not writing.cancelled() and (error := writing.exception()) is not None:
            raise error

    async def _write(self, send: Send) -> None:
        answer = self._crew.answer(self._job, tab=self._tab, turn=self._turn, design=_design(self._job))
        async with aclosing(answer) as parts:
            async for part in parts:
                line = json.dumps(part, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
                await send({"type": "http.response.body", "body": f"{line}\n".encode(), "more_body": True})
        await send({"type": "http.response.body", "body": b""})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


class Saved:
    """A file to be saved by the browser; the folder in which it is made is gone when it has been sent."""

    def __init__(self, crew: Crew, job: Mapping[str, Any]) -> None:
        self._crew, self._job = crew, job

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Makes it and sends it."""
        from starlette.responses import FileResponse, JSONResponse

        with tempfile.TemporaryDirectory(prefix="geom3d-", ignore_cleanup_errors=True) as folder:
            found: Part = {"kind": "error", "field": None, "message": "no file was made"}
            async with aclosing(self._crew.answer({**self._job, "folder": folder}, design=_design(self._job))) as parts:
                async for part in parts:
                    found = part if part["kind"] in ("file", "error") else found
            if found["kind"] == "file":
                path = Path(found["path"])
                kind = KINDS.get(path.suffix, "application/octet-stream")
                await FileResponse(path, filename=found["name"], media_type=kind)(scope, receive, send)
            else:
                await JSONResponse(found, 422)(scope, receive, send)
