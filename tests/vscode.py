"""A real VS Code for the tests: code-server with the packed extension, used through a browser without a window."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from tests.command import environment

selenium = pytest.importorskip("selenium", reason="a driver for browsers: pip install selenium")
from selenium import webdriver  # noqa: E402
from selenium.common.exceptions import WebDriverException  # noqa: E402
from selenium.webdriver.chrome.service import Service  # noqa: E402
from selenium.webdriver.common.action_chains import ActionChains  # noqa: E402
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402

T = TypeVar("T")
PATIENCE = 60
NEEDED = {
    "code-server": shutil.which("code-server"),
    "Chromium": next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None),
    "chromedriver": shutil.which("chromedriver"),
}
MISSING = [name for name, found in NEEDED.items() if found is None]
QUIET = {
    "security.workspace.trust.enabled": False,
    "workbench.startupEditor": "none",
    "files.autoSave": "off",
    "telemetry.telemetryLevel": "off",
}


class Code:
    """VS Code on a folder. Used as a context manager; what it keeps goes to ``home``."""

    def __init__(self, folder: Path, home: Path, extension: Path, settings: dict[str, Any]) -> None:
        self._program, self._browser, self._driver_program = map(str, NEEDED.values())
        self._folder, self._home = folder, home
        self._places = ["--user-data-dir", str(home / "data"), "--extensions-dir", str(home / "extensions")]
        self._variables = environment({"HOME": str(home)})
        (home / "data" / "User").mkdir(parents=True)
        (home / "data" / "User" / "settings.json").write_text(json.dumps(QUIET | settings), "utf-8")
        install = [self._program, *self._places, "--install-extension", str(extension)]
        done = subprocess.run(install, env=self._variables, capture_output=True, text=True, timeout=PATIENCE)
        assert done.returncode == 0, done.stdout + done.stderr

    def __enter__(self) -> Code:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            address = f"127.0.0.1:{free.getsockname()[1]}"
        serve = [self._program, *self._places, "--auth", "none", "--bind-addr", address, "--disable-update-check"]
        with (self._home / "log").open("w") as log:
            self._server = subprocess.Popen(serve, env=self._variables, stdout=log, stderr=log)
        wait_for("code-server", lambda: _answers(f"http://{address}/healthz"))
        options = webdriver.ChromeOptions()
        options.binary_location = self._browser
        for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1300,800"):
            options.add_argument(argument)
        self._driver = webdriver.Chrome(options=options, service=Service(self._driver_program))
        self._driver.get(f"http://{address}/?folder={self._folder}")
        return self

    def __exit__(self, *_: object) -> None:
        self._driver.quit()
        self._server.terminate()
        self._server.wait(PATIENCE)

    def open(self, name: str) -> None:
        """Open a file of the folder from the explorer."""
        rows = ".explorer-folders-view .monaco-list-row"
        (row,) = wait_for(name, lambda: [e for e in self._elements(rows) if name in e.text])
        ActionChains(self._driver).double_click(row).perform()

    def run(self, command: str) -> None:
        """Run a command of the palette by its title."""
        self._press(Keys.F1)
        rows = ".quick-input-list .monaco-list-row"
        wait_for("the palette", lambda: self._elements(rows))
        self._press(command)
        wait_for(command, lambda: command in self._elements(rows)[0].text)
        self._press(Keys.ENTER)

    def status(self) -> str:
        """The item of the extension in the status bar."""
        return next((e.text.strip() for e in self._elements(".statusbar-item") if "bn-migrate" in e.text), "")

    def told(self, text: str) -> str:
        """The notification that contains ``text``, once it is there."""
        rows = ".notification-list-item-message"
        return wait_for(text, lambda: next((e.text for e in self._elements(rows) if text in e.text), ""))

    def _elements(self, selector: str) -> list[Any]:
        return self._driver.find_elements(By.CSS_SELECTOR, selector)

    def _press(self, keys: str) -> None:
        ActionChains(self._driver).send_keys(keys).perform()


def wait_for(what: str, found: Callable[[], T]) -> T:
    """What ``found`` gives once it is something; elements that are replaced meanwhile are looked for again."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            if result := found():
                return result
        except (WebDriverException, IndexError):
            pass
        time.sleep(0.1)
    raise AssertionError(f"{what} did not come")


def _answers(address: str) -> bool:
    try:
        with urlopen(address, timeout=1) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False
