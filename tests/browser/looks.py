"""What every page must be: without barriers, light, narrow enough for a phone, easy to hit."""

from playwright.sync_api import Page

from tests.browser.conftest import barriers

MOST_BYTES, MOST_REQUESTS = 100_000, 10
TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
SMALL_TARGETS = """
() => [...document.querySelectorAll('.btn, button, select, input:not([type=hidden]):not([hidden]), .tabbar a, nav a')]
  .filter(e => e.offsetParent && !e.closest('.pick') && e.getBoundingClientRect().height < 43.5)
  .map(e => e.outerHTML.slice(0, 80))
"""


def fits(page: Page) -> None:
    """No barriers that axe finds, nothing wider than the screen, nothing too small for a thumb."""
    assert barriers(page) == [], page.url
    assert page.evaluate(TOO_WIDE) <= 0, page.url
    assert page.evaluate(SMALL_TARGETS) == [], page.url
