"""A real browser for the tests of the report.

``python tests/browser.py`` makes sure that there is one: Chromium or Chrome on the PATH, or
Debian's Chromium (as root), or Playwright's own.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
#: It looks for nothing outside, and runs as root in a container.
QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


def executable() -> str | None:
    """Path of a browser on the PATH; None for Playwright's own."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def there() -> bool:
    """Whether there is a browser."""
    if executable() is not None:
        return True
    with sync_playwright() as playwright:
        return Path(playwright.chromium.executable_path).is_file()


def ensure() -> None:
    """Install a browser if there is none."""
    if there():
        return
    if shutil.which("apt-get") and os.geteuid() == 0:
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "check": False}
        subprocess.run(["apt-get", "update", "-qq"], **quiet)
        subprocess.run(["apt-get", "install", "-y", "-qq", "chromium"], **quiet)
    if not there():
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)
    if not there():
        sys.exit("error: the report is tested in a browser; install Chromium or Chrome")


@contextmanager
def launched():
    """A browser for some tests together."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=QUIET)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def opened(browser, path, width=1200, height=900, **options):
    """A page of a file, and what it said and asked for: (page, messages, requests)."""
    messages, requests = [], []
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
    ensure()
