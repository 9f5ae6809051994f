"""A headless Chromium, spoken to by its DevTools protocol: what tests of the page need of it, and no more."""

from __future__ import annotations

import base64
import itertools
import json
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, Self

import pytest
import websocket

#: Seconds until the browser must have answered; software drawing of models is slow on a busy machine.
PATIENCE = 120


def program() -> str | None:
    """The path of a Chromium, or None where none is installed."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


class Browser:
    """One page in a browser of its own.

    Attributes:
        errors: what the page's console complained of, and exceptions that nobody caught.
        requests: addresses of everything that the page asked for.
    """

    def __init__(self, width: int, height: int) -> None:
        self.errors: list[str] = []
        self.requests: list[str] = []
        self._folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self._numbers = itertools.count(1)
        # Mesa draws in three quarters of SwiftShader's time, which takes its place where there is no EGL.
        command = [
            program(), "--headless=new", "--remote-debugging-port=0", "--remote-allow-origins=*", "--no-first-run", "--mute-audio",
            "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars", "--use-angle=gl-egl",
            "--ignore-gpu-blocklist", "--enable-unsafe-swiftshader", f"--user-data-dir={self._folder.name}",
            f"--window-size={width},{height}", "about:blank",
        ]  # fmt: skip
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            command.insert(1, "--no-sandbox")
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            port, path = self._address()
            self._socket = websocket.create_connection(f"ws://127.0.0.1:{port}{path}", timeout=PATIENCE)
            target = self.call("Target.createTarget", url="about:blank")["targetId"]
            session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
            self._session = session
            for domain in ("Page", "Runtime", "Log", "Network"):
                self.call(f"{domain}.enable")
            self.size(width, height)
        except BaseException:
            self._process.kill()
            self._process.wait()
            raise

    _session: str | None = None

    def _address(self) -> tuple[str, str]:
        """Port and path of the protocol, which the browser writes into its folder."""
        file, until = Path(self._folder.name, "DevToolsActivePort"), time.monotonic() + PATIENCE
        while time.monotonic() < until:
            lines = file.read_text().split() if file.exists() else []
            if len(lines) == 2:
                return lines[0], lines[1]
            assert self._process.poll() is None, "the browser has ended"
            time.sleep(0.05)
        raise TimeoutError("the browser did not start")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()
        self._process.terminate()
        self._process.wait(PATIENCE)
        self._folder.cleanup()

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """One command, and its answer."""
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": parameters}
        if self._session is not None:
            message["sessionId"] = self._session
        self._socket.send(json.dumps(message))
        while True:
            answer = self._receive()
            if answer.get("id") == number:
                assert "error" not in answer, answer
                return answer["result"]

    def _receive(self) -> dict[str, Any]:
        message = json.loads(self._socket.recv())
        kind, told = message.get("method"), message.get("params", {})
        if kind == "Runtime.exceptionThrown":
            self.errors.append(json.dumps(told["exceptionDetails"]))
        elif kind == "Runtime.consoleAPICalled" and told["type"] in ("error", "assert"):
            self.errors.append(json.dumps(told["args"]))
        elif kind == "Log.entryAdded" and told["entry"]["level"] == "error":
            self.errors.append(told["entry"]["text"])
        elif kind == "Network.requestWillBeSent":
            self.requests.append(told["request"]["url"])
        return message

    def size(self, width: int, height: int) -> None:
        """Makes the page so many pixels wide and high, as on a screen of that size."""
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )

    def open(self, path: Path) -> None:
        """Opens a file and waits until it is complete."""
        self.call("Page.navigate", url="about:blank")
        self.call("Page.navigate", url=path.resolve().as_uri())
        until = time.monotonic() + PATIENCE
        while self.run("location.href + document.readyState") != path.resolve().as_uri() + "complete":
            assert time.monotonic() < until, "the page does not come"
            time.sleep(0.05)

    def go(self, url: str, ready: str) -> None:
        """Opens an address and waits until an expression is true there."""
        self.call("Page.navigate", url="about:blank")
        self.call("Page.navigate", url=url)
        self.wait(f"location.href !== 'about:blank' && document.readyState === 'complete' && ({ready})")

    def wait(self, script: str) -> None:
        """Waits until an expression is true in the page."""
        until = time.monotonic() + PATIENCE
        while not self.run(f"Boolean({script})"):
            assert time.monotonic() < until, f"{script} does not come true; {self.errors}"
            time.sleep(0.05)

    def new_tab(self) -> str:
        """Opens a tab beside, which further calls are about; `turn_to` goes back to the one whose name this returns."""
        before = str(self._session)
        self._session = None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        return before

    def turn_to(self, tab: str) -> str:
        """Makes further calls about a tab; returns the name of the one before."""
        before, self._session = str(self._session), tab
        return before

    def run(self, script: str) -> Any:
        """The value of an expression in the page; promises are waited for."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def press(self, key: str, code: int) -> None:
        """Presses a key and lets it go."""
        text = {"text": "\r"} if key == "Enter" else {}
        for kind in ("keyDown", "keyUp"):
            self.call(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                windowsVirtualKeyCode=code,
                **(text if kind == "keyDown" else {}),
            )

    def picture(self, clip: dict[str, float] | None = None, *, whole: bool = False) -> bytes:
        """A PNG of what is seen, of a part of the page, or of the whole."""
        requested: dict[str, Any] = {"captureBeyondViewport": whole or clip is not None}
        if clip is not None:
            requested["clip"] = {**clip, "scale": 1}
        elif whole:
            size = self.call("Page.getLayoutMetrics")["cssContentSize"]
            requested["clip"] = {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}
        return base64.b64decode(self.call("Page.captureScreenshot", **requested)["data"])

    def paper(self) -> bytes:
        """The page as it is printed, a PDF."""
        return base64.b64decode(self.call("Page.printToPDF", preferCSSPageSize=True, printBackground=True)["data"])


#: Windows of a desktop and of a phone, pixels.
SIZES = {"screen": (1280, 900), "phone": (390, 844)}
#: What does not depend on the screen's width, where `started` is the browser of a size.
ON_A_SCREEN = pytest.mark.parametrize("started", ["screen"], indirect=True)
#: Marks of tests that drive it.
IN_A_BROWSER = [
    pytest.mark.slow,
    pytest.mark.skipif(program() is None, reason="no Chromium on this machine (Debian: apt-get install chromium)"),
]
