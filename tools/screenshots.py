"""Takes pictures of a running console for the handbook and for the eye: every page, on a desk and on a phone.

``python tools/screenshots.py http://127.0.0.1:8080 admin PASSWORD folder``
"""

import argparse
import shutil
import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

SIZES = {"desk": {"width": 1280, "height": 860}, "phone": {"width": 360, "height": 740}}
PAGES = {
    "today": "/",
    "announcements": "/announcements",
    "announcement-new": "/announcements/new",
    "schedules": "/schedules",
    "schedule-new": "/schedules/new",
    "clusters": "/clusters",
    "emergency": "/emergency",
    "drill": "/drill",
    "people": "/people",
    "activity": "/activity",
    "account": "/account",
}
FOLLOWED = {
    "announcement": ("/announcements", "tbody a"),
    "occurrence": ("/", ".rows a[href^='/occurrences/']"),
    "schedule": ("/schedules", ".rows a[href^='/schedules/']"),
    "cluster": ("/clusters", "tbody a"),
    "emergency-where": ("/emergency", ".big"),
}
"""Pages whose address is not known: where the first link to one stands."""


def main() -> int:
    """Sign in once a size and language, and picture every page."""
    arguments = _arguments()
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        sys.stderr.write("Chromium is missing: apt install chromium\n")
        return 1
    arguments.folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for size in SIZES:
            for language in arguments.languages.split(","):
                _picture_all(browser, arguments, size, language)
        browser.close()
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("login")
    parser.add_argument("password")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--languages", default="vi", help="separated by commas")
    return parser.parse_args()


def _picture_all(browser: Browser, arguments: argparse.Namespace, size: str, language: str) -> None:
    context = browser.new_context(
        viewport=SIZES[size],  # type: ignore[arg-type]  # a typed dict in name only
        base_url=arguments.url,
        extra_http_headers={"Accept-Language": language},
        device_scale_factor=2 if size == "phone" else 1,
    )
    page = context.new_page()
    page.goto("/sign-in")
    _picture(page, arguments.folder / f"sign-in-{size}-{language}.png")
    page.fill("#login", arguments.login)
    page.fill("#password", arguments.password)
    page.click("main button")
    for name, path in PAGES.items():
        page.goto(path)
        _picture(page, arguments.folder / f"{name}-{size}-{language}.png")
    for name, (path, link) in FOLLOWED.items():
        page.goto(path)
        found = page.locator(link)
        if found.count():
            page.goto(found.first.get_attribute("href") or path)
            _picture(page, arguments.folder / f"{name}-{size}-{language}.png")
    context.close()


def _picture(page: Page, path: Path) -> None:
    page.wait_for_load_state("load")
    page.screenshot(path=path, full_page=True)


if __name__ == "__main__":
    sys.exit(main())
