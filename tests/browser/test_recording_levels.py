"""What the recorder says of a voice that is too loud, and of one that is too quiet."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser import recorder
from tests.browser.conftest import CHROMIUM, QUIETLY, SignIn
from tests.support.microphones import at_peak, hearing


@pytest.fixture(params=[0.0, -40.0], ids=["loud", "quiet"])
def peak_dbfs(request: pytest.FixtureRequest) -> float:
    """Where the voice before the microphone peaks."""
    return float(request.param)


@pytest.fixture
def browser(peak_dbfs: float, bulletin_wav: Path, tmp_path: Path) -> Iterator[Browser]:
    """Chromium with that voice."""
    assert CHROMIUM is not None, "These tests need Chromium: apt install chromium"
    with hearing(CHROMIUM, QUIETLY, at_peak(bulletin_wav, tmp_path / "voice.wav", peak_dbfs)) as opened:
        yield opened


def test_the_level_is_told_in_words_and_clipping_is_remembered(sign_in: SignIn, peak_dbfs: float):
    page = recorder.allow_and_open(sign_in("lan", language="en"))
    page.click("#record")
    loud = peak_dbfs == 0
    expect(page.locator("#word")).to_have_text("■ too loud: go further away" if loud else "▲ too quiet: come closer")
    expect(page.locator("#clipped")).to_be_visible(visible=loud)
    if loud:
        expect(page.locator("#clipped")).to_contain_text("Better record again")
