"""The command `geom3d app` in a process of its own, as a user starts it; and a page in a browser that it serves."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import geom3d

#: Where the geom3d that is tested lies, whose compiled code is found.
PACKAGES = Path(geom3d.__file__).parents[1]
#: Seconds until it must have answered on a busy machine.
PATIENCE = 120


class Served:
    """A server and its address.

    Attributes:
        address: with the token.
        port, token: of it.
        words: on stderr, once it has ended.
    """

    def __init__(self, *arguments: str, port: int = 0) -> None:
        command = [sys.executable, "-m", "geom3d", "app", "--no-browser", "--port", str(port), *arguments]
        self._process = subprocess.Popen(
            command,
            cwd=PACKAGES,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            env={**os.environ, "PYTHONPATH": str(PACKAGES)},
        )
        self.address = self._process.stdout.readline().strip()
        parts = urlsplit(self.address)
        self.port, self.token = parts.port, parse_qs(parts.query).get("token", [""])[0]
        self.words = ""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._process.poll() is None:
            self.end()
        for stream in (self._process.stdout, self._process.stderr):
            stream.close()

    @property
    def pid(self) -> int:
        return self._process.pid

    def end(self) -> int:
        """Presses Ctrl-C; its exit code."""
        self._process.send_signal(signal.SIGINT)
        try:
            _, self.words = self._process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise
        return self._process.returncode

    @contextmanager
    def post(self, path: str, job: dict, token: str | None = None):
        """An answer, to be read as long as the context lasts."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        headers = {"content-type": "application/json", "x-geom3d-token": self.token if token is None else token}
        with closing(connection):
            connection.request("POST", path, json.dumps(job), headers)
            with connection.getresponse() as answer:
                yield answer

    def parts(self, job: dict, tab: str = ""):
        """The parts of an answer, as they come."""
        with self.post(f"/answer?tab={tab}", job) as answer:
            for line in answer:
                yield json.loads(line)
