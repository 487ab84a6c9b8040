"""The recorder's page where there is no microphone, and where there is no JavaScript."""

from pathlib import Path

from playwright.sync_api import expect

from tests.browser.conftest import PHONE, SignIn, barriers
from tests.browser.recorder import RECORDER


def test_without_a_microphone_the_page_says_so(sign_in: SignIn):
    page = sign_in("lan", language="en")
    page.context.grant_permissions(["microphone"])
    page.goto(RECORDER)
    page.click("#record")
    expect(page.get_by_role("alert")).to_contain_text("No microphone was found")
    expect(page.locator("#otherwise")).to_be_visible()


def test_without_javascript_the_phones_own_recorder_does_it(sign_in: SignIn, bulletin_wav: Path):
    page = sign_in("lan", size=PHONE, language="en", javascript=False)
    page.goto(RECORDER)
    assert "<noscript><p" in page.content()
    expect(page.locator("#recorder")).to_be_hidden()
    assert page.get_attribute("#file", "capture") is not None
    page.set_input_files("#file", bulletin_wav)
    page.click("#otherwise button")
    page.wait_for_url("**/details?**")


def test_its_form_is_accessible(sign_in: SignIn):
    page = sign_in("lan", size=PHONE)
    page.goto(RECORDER)
    page.click("#record")
    expect(page.locator("#otherwise")).to_be_visible()
    assert barriers(page) == []
