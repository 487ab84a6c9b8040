"""A text in a real browser: seen in words while it is typed, changed, heard, used; and all of it without scripts."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESK, PHONE, SignIn, barriers

PATH = "/announcements/new/text"
TEXT = "UBND xã mời họp lúc 8h ngày 5/9."
SAID = "Ủy ban nhân dân xã mời họp lúc tám giờ ngày năm tháng chín."
TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
LENGTH = """
audio => new Promise(done => {
  audio.preload = 'metadata';
  audio.duration ? done(audio.duration) : audio.addEventListener('loadedmetadata', () => done(audio.duration));
})
"""


TYPED_AND_LISTENED = """
text => {
  const field = document.getElementById('text');
  field.value = text;
  field.dispatchEvent(new Event('input', {bubbles: true}));
  document.getElementById('listen').click();
}
"""


def length_s(page: Page) -> float:
    """How long the sound on the page is, as the browser finds it."""
    expect(page.locator("audio")).to_have_count(1)
    return float(page.locator("audio").evaluate(LENGTH))


@pytest.mark.parametrize(("size", "language"), [(DESK, "vi"), (PHONE, "en")], ids=["desk-vi", "phone-en"])
def test_a_text_is_seen_in_words_while_it_is_typed_then_changed_heard_and_used(
    sign_in: SignIn, size: dict[str, int], language: str
):
    lan = sign_in("lan", size=size, language=language)
    lan.goto(PATH)
    lan.locator("#text").press_sequentially(TEXT)
    expect(lan.locator("#spoken")).to_have_value(SAID)
    expect(lan.locator("#text")).to_be_focused()
    lan.fill("#spoken", f"{SAID} Xin cảm ơn bà con.")

    lan.click("#listen")
    heard_s = length_s(lan)
    assert 5 < heard_s < 20
    expect(lan.locator("#spoken")).to_have_value(f"{SAID} Xin cảm ơn bà con.")
    assert barriers(lan) == []
    assert lan.evaluate(TOO_WIDE) <= 0

    lan.click("#use")
    lan.wait_for_url(re.compile("/announcements/new/details"))
    expect(lan.locator(".said")).to_contain_text(TEXT)
    assert length_s(lan) == pytest.approx(heard_s, abs=0.05)


def test_listening_at_once_after_the_last_key_is_not_lost_to_what_is_still_being_put_into_words(sign_in: SignIn):
    lan = sign_in("lan", size=PHONE)
    lan.goto(PATH)
    with lan.expect_response(lambda answer: answer.request.method == "POST" and answer.status == 204):
        lan.evaluate(TYPED_AND_LISTENED, TEXT)
    assert length_s(lan) > 2
    expect(lan.locator("#spoken")).to_have_value(SAID)


def test_a_word_said_wrongly_goes_into_the_dictionary_from_the_text(sign_in: SignIn):
    lan = sign_in("lan", size=PHONE, language="en")
    lan.goto(PATH)
    lan.fill("#text", "Công ty FPT họp.")
    expect(lan.locator("#spoken")).to_have_value("Công ty ép pê tê họp.")
    lan.click("summary:has-text('Always say it otherwise here')")
    lan.fill("#said-1", "Ép Phê Tê")
    lan.press("#said-1", "Enter")
    expect(lan.locator("#spoken")).to_have_value("Công ty Ép Phê Tê họp.")

    lan.click("summary:has-text('A name or a word is said wrongly')")
    lan.click("a:has-text('dictionary')")
    lan.click("table a:has-text('FPT')")
    assert barriers(lan) == []
    assert lan.evaluate(TOO_WIDE) <= 0
    lan.click("button:has-text('Take it out')")
    expect(lan.locator("main")).to_contain_text("said by the common rules again")
    expect(lan.locator("main")).not_to_contain_text("FPT")


def test_a_text_that_cannot_be_spoken_says_so_beside_the_text(sign_in: SignIn):
    lan = sign_in("lan", language="en")
    lan.goto(PATH)
    lan.fill("#text", "…")
    expect(lan.get_by_role("alert")).to_contain_text("Nothing in this text can be spoken")
    lan.fill("#text", "Xin chào bà con.")
    expect(lan.get_by_role("alert")).to_have_count(0)
    lan.select_option("#language", "hmn")
    expect(lan.locator("#said")).to_contain_text("A person must record this language")
    assert barriers(lan) == []


def test_without_javascript_a_text_is_shown_in_words_heard_and_used(sign_in: SignIn):
    lan = sign_in("lan", size=PHONE, javascript=False)
    lan.goto(PATH)
    lan.fill("#text", TEXT)
    lan.click("button[value=show]")
    expect(lan.locator("#spoken")).to_have_value(SAID)
    lan.fill("#spoken", "Mời bà con đi họp.")
    lan.select_option("#voice", "vi-vn-x-south")
    lan.click("#listen")
    expect(lan.locator("audio")).to_have_count(1)
    assert lan.locator("#spoken").input_value() == "Mời bà con đi họp."
    assert lan.locator("#voice").input_value() == "vi-vn-x-south"
    lan.click("#use")
    expect(lan.locator(".said")).to_contain_text(TEXT)
