"""A browser for the tests of the report.

``python tests/browser.py`` installs one if there is none: Chromium or Chrome on the PATH, Debian's
Chromium (as root), or Playwright's own.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
#: Makes no connections of its own, and can run as root in a container.
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


def executable() -> str | None:
    """Path of a browser on the PATH; None stands for Playwright's own."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def is_installed() -> bool:
    """Whether a browser can be started."""
    if executable() is not None:
        return True
    with sync_playwright() as playwright:
        return Path(playwright.chromium.executable_path).is_file()


def install() -> None:
    """Install a browser if there is none."""
    if is_installed():
        return
    if shutil.which("apt-get") and os.geteuid() == 0:
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "check": False}
        subprocess.run(["apt-get", "update", "-qq"], **quiet)
        subprocess.run(["apt-get", "install", "-y", "-qq", "chromium"], **quiet)
    if not is_installed():
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)
    if not is_installed():
        sys.exit("error: the report is tested in a browser; install Chromium or Chrome")


@contextmanager
def launched() -> Iterator[Any]:
    """Start a browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def opened(
    browser: Any, path: str | Path, width: int = 1200, height: int = 900, **options: Any
) -> Iterator[tuple[Any, list[str], list[str]]]:
    """Open a file in a new page.

    Yields the page, its console messages and errors, and the addresses that it requested.
    """
    messages: list[str] = []
    requests: list[str] = []
    page = browser.new_page(viewport={"width": width, "height": height}, **options)
    page.on("console", lambda message: messages.append(message.text))
    page.on("pageerror", lambda error: messages.append(str(error)))
    page.on("request", lambda request: requests.append(request.url))
    page.goto(Path(path).resolve().as_uri())
    try:
        yield page, messages, requests
    finally:
        page.close()


if __name__ == "__main__":
    install()
