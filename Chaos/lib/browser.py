"""A headless Chromium, driven through the DevTools protocol over a pair of pipes: no driver, no port, no library."""

from __future__ import annotations

import base64
import io
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image

from .shell import inside

Json = dict[str, object]

ANSWER_MAX = 30.0
"""Seconds for one answer of the browser: a busy machine with two cores draws 300 VRs in well under one."""


ON_3_AND_4 = """
import fcntl, os, sys
ends = [fcntl.fcntl(int(text), fcntl.F_DUPFD, 10) for text in sys.argv[1:3]]
for end, number in zip(ends, (3, 4)): os.dup2(end, number)
os.execvp(sys.argv[3], sys.argv[3:])
"""
"""Where Chromium looks for the protocol's pipes."""


def smaller(png: bytes) -> bytes:
    """The same picture in 256 colours: these pages have few, and the repository keeps the pictures."""
    packed = io.BytesIO()
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    picture.quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(packed, "PNG", optimize=True)
    return packed.getvalue()


class Browser:
    """One page in one browser. Use as a context: its processes end and its folder goes with it.

    `errors` is what the console and the page's scripts complain of, `requests` every address that was asked for.
    """

    def __init__(self, ns: str | None = None, size: tuple[int, int] = (1280, 1080)) -> None:
        self.errors: list[str] = []
        self.requests: list[str] = []
        self._folder = tempfile.TemporaryDirectory(prefix="dashboard-browser-", ignore_cleanup_errors=True)
        to_browser, self._out = os.pipe()
        self._in, from_browser = os.pipe()
        flags = [
            "--headless=new", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
            "--no-first-run", "--disable-extensions", "--disable-background-networking", "--disable-component-update",
            "--disable-sync", "--no-default-browser-check", "--hide-scrollbars", "--force-color-profile=srgb",
            f"--user-data-dir={self._folder.name}", f"--window-size={size[0]},{size[1]}", "about:blank",
        ]
        program = [sys.executable, "-c", ON_3_AND_4, str(to_browser), str(from_browser), "chromium", *flags]
        argv = inside(ns, program) if ns else program
        environment = os.environ | {"HOME": self._folder.name, "DBUS_SESSION_BUS_ADDRESS": "disabled:"}
        self._process = subprocess.Popen(
            argv, pass_fds=(to_browser, from_browser), env=environment, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        os.close(to_browser)
        os.close(from_browser)
        self._buffer = b""
        self._number = 0
        self._session: str | None = None
        try:
            target = self._ask("Target.createTarget", {"url": "about:blank"})["targetId"]
            self._session = str(self._ask("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"])
            for domain in ("Page", "Runtime", "Network", "Log"):
                self._ask(f"{domain}.enable", {})
            self.resize(*size)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        for end in (self._out, self._in):
            os.close(end)
        try:
            self._process.wait(3)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._folder.cleanup()

    def resize(self, width: int, height: int) -> None:
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self._ask("Emulation.setDeviceMetricsOverride", metrics)

    def open(self, url: str) -> None:
        self._ask("Page.navigate", {"url": url})

    def dark(self, is_dark: bool) -> None:
        feature = {"name": "prefers-color-scheme", "value": "dark" if is_dark else "light"}
        self._ask("Emulation.setEmulatedMedia", {"features": [feature]})

    def run(self, script: str) -> object:
        """The value of an expression in the page. Raises RuntimeError if it throws."""
        answer = self._ask("Runtime.evaluate", {"expression": script, "returnByValue": True, "awaitPromise": True})
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{script}: {answer['exceptionDetails']}")
        return answer["result"].get("value")  # type: ignore[union-attr]

    def wait(self, script: str, seconds: float = 20.0) -> bool:
        """Until the expression is true."""
        end = time.monotonic() + seconds
        while not self.run(f"Boolean({script})"):
            if time.monotonic() > end:
                return False
            self.pause(0.1)
        return True

    def click(self, selector: str) -> None:
        """A real click in the middle of the first element: what lies over it gets it instead."""
        box = self.run(
            f"(() => {{ const e = document.querySelector({json.dumps(selector)}); e.scrollIntoView({{block: 'nearest'}});"
            " const b = e.getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2]; })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            x, y = box  # type: ignore[misc]
            event = {"type": kind, "x": x, "y": y, "button": "left", "clickCount": 1}
            self._ask("Input.dispatchMouseEvent", event)

    def key(self, name: str) -> None:
        """One key as on a keyboard, `ArrowRight`."""
        codes = {"ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40, "Enter": 13, "Escape": 27, "Home": 36}
        event = {"key": name, "code": name, "windowsVirtualKeyCode": codes[name]}
        for kind in ("rawKeyDown", "keyUp"):
            self._ask("Input.dispatchKeyEvent", {"type": kind, **event})

    def screenshot(self, path: Path, height: int) -> None:
        """The page from its top, so high."""
        width = int(self.run("innerWidth"))  # type: ignore[call-overload]
        clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
        answer = self._ask("Page.captureScreenshot", {"format": "png", "clip": clip, "captureBeyondViewport": True})
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(smaller(base64.b64decode(str(answer["data"]))))

    # The protocol

    def _ask(self, method: str, parameters: Json) -> Json:
        self._number += 1
        number = self._number
        message: Json = {"id": number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        end = time.monotonic() + ANSWER_MAX
        while time.monotonic() < end:
            for answer in self._messages(end - time.monotonic()):
                if answer.get("id") == number:
                    if "error" in answer:
                        raise RuntimeError(f"{method}: {answer['error']}")
                    return answer.get("result", {})  # type: ignore[return-value]
        raise RuntimeError(f"the browser does not answer {method}")

    def pause(self, seconds: float) -> None:
        """Waits, and notes what the browser tells meanwhile."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            for _ in self._messages(left):
                pass

    def _messages(self, seconds: float) -> list[Json]:
        """What came in within the time; events are noted on the way."""
        if not select.select([self._in], [], [], max(0.0, seconds))[0]:
            return []
        chunk = os.read(self._in, 1 << 20)
        if not chunk:
            raise RuntimeError("the browser has ended")
        self._buffer += chunk
        *whole, self._buffer = self._buffer.split(b"\0")
        messages = [json.loads(text) for text in whole]
        for message in messages:
            self._note(str(message.get("method", "")), message.get("params", {}))
        return messages

    def _note(self, method: str, event: Json) -> None:
        if method == "Network.requestWillBeSent":
            self.requests.append(str(event["request"]["url"]))  # type: ignore[index]
        elif method == "Runtime.exceptionThrown":
            self.errors.append(json.dumps(event["exceptionDetails"])[:400])
        elif method == "Runtime.consoleAPICalled" and event["type"] in ("error", "warning", "assert"):
            self.errors.append(json.dumps(event["args"])[:400])
        elif method == "Log.entryAdded" and event["entry"]["level"] in ("error", "warning"):  # type: ignore[index]
            self.errors.append(f"{event['entry']['text']} {event['entry'].get('url', '')}")  # type: ignore[index]
