import re
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, SignIn, barriers

VILLAGES = ("bn-v01", "bn-v02", "bn-v03")


def write(page: Page, recording: Path, title: str) -> str:
    """Upload a recording and ask for approval; the announcement's path."""
    page.click("text=Soạn bản tin")
    page.set_input_files("#file", recording)
    page.click("button:has-text('Tải lên')")
    page.wait_for_url("**/details**")
    page.fill("#title", title)
    page.click("button:has-text('Lưu bản tin')")
    page.wait_for_url(re.compile(r"/announcements/01"))
    page.click("button:has-text('Trình duyệt')")
    expect(page.get_by_role("status")).to_contain_text("Đã trình duyệt")
    return page.url.split("?")[0]


def test_an_operators_bulletin_is_approved_broadcast_and_watched_to_the_end(sign_in: SignIn, bulletin_wav: Path):
    lan, boss = sign_in("lan"), sign_in("chu-tich", size=PHONE)
    path = write(lan, bulletin_wav, "Họp thôn tối nay")

    boss.reload()
    boss.click("text=bản tin chờ duyệt")
    boss.click("text=Họp thôn tối nay")
    boss.click("button:has-text('Duyệt')")
    expect(boss.get_by_role("status")).to_contain_text("Đã duyệt")

    lan.goto(f"{path}/broadcast")
    lan.click("text=Chọn thôn")
    for village in VILLAGES:
        lan.check(f"input[value={village}]")
    expect(lan.locator("#where-villages")).to_be_checked()
    expect(lan.locator("#heard")).to_contain_text("3 thôn")
    lan.click("button:has-text('Phát ngay')")
    lan.wait_for_url("**/occurrences/**")

    # Nothing is reloaded from here on: the page follows the receipts by itself.
    table = lan.locator("table")
    expect(table.locator(".s.play").first).to_contain_text("đang phát", timeout=60_000)
    expect(table.locator(".s.ok")).to_have_text(["✓ đã phát"] * 3, timeout=60_000)
    expect(table.locator(".s.air")).to_have_text(["◐ đã phát sóng"] * 3, timeout=60_000)
    expect(lan.locator(".card.now h2")).to_contain_text("đã xong")
    assert barriers(lan) == []
    lan.goto(path)
    assert barriers(lan) == []
    lan.goto("/")
    expect(lan.locator(".rows").first).to_contain_text("Họp thôn tối nay")
    assert barriers(lan) == []


def test_without_javascript_a_bulletin_can_be_written_counted_and_broadcast(sign_in: SignIn, bulletin_wav: Path):
    admin = sign_in("admin", javascript=False)
    path = write(admin, bulletin_wav, "Không cần JavaScript")
    admin.click("button:has-text('Duyệt')")
    admin.goto(f"{path}/broadcast")
    admin.check("#where-villages")
    admin.click("summary:has-text('Chọn thôn')")
    admin.check("input[value=bn-v02]")
    admin.click("button:has-text('Tính xem ai nghe được')")
    expect(admin.locator("#heard")).to_contain_text("1 thôn")
    admin.click("button:has-text('Phát ngay')")
    expect(admin.locator("h1")).to_have_text("Không cần JavaScript")
    assert "/occurrences/" in admin.url


def test_a_file_that_is_no_sound_is_refused_in_words(sign_in: SignIn, tmp_path: Path):
    lan = sign_in("lan", language="en")
    document = tmp_path / "minutes.docx"
    document.write_bytes(b"PK\x03\x04 these are the minutes" * 100)
    lan.goto("/announcements/new")
    lan.set_input_files("#file", document)
    with lan.expect_response("**/upload") as answer:
        lan.click("button:has-text('Upload')")
    assert answer.value.status == 422
    expect(lan.get_by_role("alert")).to_contain_text("“minutes.docx” is not a sound file")
