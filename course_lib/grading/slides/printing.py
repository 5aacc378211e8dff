"""A deck on paper: chromium opens the file and prints it once it says that everything stands where it belongs.

Chromium is spoken to over two pipes, in messages of JSON that end with a zero byte (its DevTools protocol).
"""

import base64
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from course_lib.grading.slides import SlidesError

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_SECONDS = 180
_OPTIONS = (
    *("--headless", "--remote-debugging-pipe", "--disable-gpu", "--no-first-run", "--hide-scrollbars"),
    *("--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage"),
)
# Chromium reads from file 3 and writes to file 4.
_LAUNCHER = """
import fcntl, os, sys
pipes = [int(number) for number in sys.argv[1:3]]
copies = [fcntl.fcntl(pipe, fcntl.F_DUPFD_CLOEXEC, 10) for pipe in pipes]
for pipe in pipes:
    os.close(pipe)
for copy, number in zip(copies, (3, 4)):
    os.dup2(copy, number)
os.execv(sys.argv[3], sys.argv[3:])
"""


def browser() -> str:
    """Where chromium is.

    Raises:
        SlidesError: if it is not installed.
    """
    for name in _NAMES:
        if path := shutil.which(name):
            return path
    raise SlidesError("no chromium: apt-get install chromium")


def pdf(deck: Path) -> bytes:
    """A deck as a PDF, a page each with all its steps done, without the speaker's notes.

    Args:
        deck: the HTML file.

    Raises:
        SlidesError: if there is no chromium, or it cannot show the deck.
    """
    path = browser()
    folder = tempfile.TemporaryDirectory(prefix="course-slides-", ignore_cleanup_errors=True)
    with folder as profile, _Chromium(path, profile) as chromium:
        chromium.open(f"{deck.resolve().as_uri()}?print-pdf")
        return chromium.printed()


class _Chromium:
    """A running chromium with one page."""

    def __init__(self, path: str, profile: str):
        self._end = time.monotonic() + _SECONDS
        self._log = Path(profile, "log")
        to_read, self._write = os.pipe()
        self._read, to_write = os.pipe()
        command = [path, *_OPTIONS, f"--user-data-dir={profile}/profile", "about:blank"]
        if os.getuid() == 0:
            command.insert(1, "--no-sandbox")  # chromium's own needs a user; the deck is the lecturer's
        launcher = [sys.executable, "-c", _LAUNCHER, str(to_read), str(to_write), *command]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                launcher, stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=(to_read, to_write)
            )
        os.close(to_read)
        os.close(to_write)
        self._sent, self._buffer, self._session = 0, b"", ""

    def __enter__(self) -> "_Chromium":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._write)
        os.close(self._read)

    def open(self, address: str) -> None:
        """Open a deck and wait until it is ready."""
        target = self._ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self._ask("Page.enable")
        self._ask("Page.navigate", url=address)
        self._wait_for("Page.loadEventFired")
        answer = self._ask("Runtime.evaluate", expression="window.deckReady", awaitPromise=True)
        if "exceptionDetails" in answer:
            error = answer["exceptionDetails"].get("exception", {}).get("description", "unknown")
            raise SlidesError(f"the deck could not be laid out: {error}")
        wrong = "[...document.querySelectorAll('.math.wrong')].map((formula) => formula.textContent)[0] ?? ''"
        if tex := self._ask("Runtime.evaluate", expression=wrong)["result"]["value"]:
            raise SlidesError(f"a formula could not be set: {tex}")

    def printed(self) -> bytes:
        """The open page as a PDF, on paper of its own size."""
        wishes = {"preferCSSPageSize": True, "printBackground": True}
        for_readers = {"generateTaggedPDF": True, "generateDocumentOutline": True}
        return base64.b64decode(self._ask("Page.printToPDF", **wishes, **for_readers)["data"])

    def _ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._sent += 1
        message = {"id": self._sent, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        try:
            os.write(self._write, json.dumps(message).encode() + b"\0")
        except BrokenPipeError:
            raise SlidesError(self._died()) from None
        while True:
            answer = self._message()
            if answer.get("id") == self._sent:
                if "error" in answer:
                    raise SlidesError(f"chromium cannot do {method}: {answer['error']['message']}")
                return answer["result"]

    def _wait_for(self, event: str) -> None:
        while self._message().get("method") != event:
            pass

    def _message(self) -> dict[str, Any]:
        """The next message from chromium."""
        while b"\0" not in self._buffer:
            left = self._end - time.monotonic()
            if left <= 0 or not select.select([self._read], [], [], left)[0]:
                raise SlidesError(f"chromium did not print the deck within {_SECONDS} seconds")
            part = os.read(self._read, 1 << 20)
            if not part:
                raise SlidesError(self._died())
            self._buffer += part
        message, _, self._buffer = self._buffer.partition(b"\0")
        return json.loads(message)

    def _died(self) -> str:
        said = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return f"chromium ended: {said[-1] if said else 'it said nothing'}"
