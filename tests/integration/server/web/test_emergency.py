import pytest

from server.auth.models import Role
from tests.integration.server.web.conftest import Office, fields


@pytest.mark.parametrize("base", ["/emergency", "/drill"])
async def test_nothing_is_broadcast_without_holding_or_ticking(office: Office, base: str):
    truc = await office.person(Role.EMERGENCY)
    template = await office.template()
    form = {"template": template, "where": "all", "key": "not-held-at-all", "held": ""}
    answer = await truc.post(f"{base}/launch", form)

    assert answer.status_code == 200
    assert '<input type="checkbox" name="confirm" value="yes" required>' in answer.text
    assert (await truc.post(f"{base}/launch", {**form, "confirm": "no"})).status_code == 422
    assert await office.orders("play") == []


async def test_holding_broadcasts_once_and_leads_to_the_board(office: Office):
    truc = await office.person(Role.EMERGENCY)
    form = {"template": await office.template(), "where": "all", "key": "held-two-seconds", "held": "1"}
    first = await truc.post("/emergency/launch", form)
    second = await truc.post("/emergency/launch", form)

    assert first.headers["location"] == second.headers["location"]
    assert len(await office.orders("play")) == 1
    board = (await truc.get(first.headers["location"])).text
    assert "Village by village" in board
    assert "Give the all clear" in board


async def test_the_review_says_exactly_what_where_and_whom_it_misses(office: Office):
    truc = await office.person(Role.EMERGENCY, language="vi")
    template = await office.template()
    page = (await truc.get(f"/emergency/review?template={template}&where=villages&village=bn-v01")).text

    assert "Báo động lũ khẩn cấp!" in page
    assert "còi báo lũ, rồi lời đọc" in page
    assert "2 cụm loa (1 thông minh, 1 không dây)" in page
    assert "2 cụm loa hiện không liên lạc được" in page


async def test_a_drill_has_its_own_words_and_never_the_page_of_the_real_thing(office: Office):
    truc = await office.person(Role.EMERGENCY, language="vi")
    template = await office.template()
    review = (await truc.get(f"/drill/review?template={template}&where=all")).text
    assert "drill-page" in review
    assert "sos-page" not in review
    assert "Đây là diễn tập" in review
    assert "Giữ 2 giây để phát DIỄN TẬP" in review
    assert "Phát thật" not in review

    started = await truc.post(
        "/drill/launch", {"template": template, "where": "all", "key": "a-drill-now", "held": "1"}
    )
    path = started.headers["location"]
    assert path.startswith("/drill/")
    board = (await truc.get(path)).text
    assert "DIỄN TẬP: Báo động lũ" in board
    assert (await truc.get(path.replace("/drill/", "/emergency/"))).headers["location"] == path


async def test_the_all_clear_is_told_and_the_board_follows_it(office: Office):
    truc = await office.person(Role.EMERGENCY)
    form = {"template": await office.template(), "where": "all", "key": "then-all-clear", "held": "1"}
    path = (await truc.post("/emergency/launch", form)).headers["location"]
    await truc.post(f"{path}/all-clear")
    board = (await truc.get(path)).text

    assert "All clear given" in board
    assert "The all clear" in board
    assert [order.type for order in await office.orders("play", "all_clear")].count("play") == 2
    assert (await truc.post(f"{path}/stop")).status_code == 409


async def test_a_second_person_countersigns_and_the_first_cannot(office: Office):
    first, second = await office.person(Role.EMERGENCY), await office.person(Role.EMERGENCY)
    form = {"template": await office.template(), "where": "all", "key": "to-countersign", "held": "1"}
    path = (await first.post("/emergency/launch", form)).headers["location"]

    assert (await first.post(f"{path}/countersign")).status_code == 403
    assert "Countersign as second person" in (await second.get(path)).text
    await second.post(f"{path}/countersign")
    assert "Countersigned by" in (await first.get(path)).text


async def test_whoever_may_only_look_can_follow_the_board_but_not_end_it(office: Office):
    truc, lan = await office.person(Role.EMERGENCY), await office.person(Role.OPERATOR)
    form = {"template": await office.template(), "where": "all", "key": "only-looking", "held": "1"}
    path = (await truc.post("/emergency/launch", form)).headers["location"]

    board = await lan.get(path)
    assert board.status_code == 200
    assert "Stop without a message" not in board.text
    assert (await lan.post(f"{path}/all-clear")).status_code == 403
    assert "Emergency: Báo động lũ" in (await lan.get("/")).text


async def test_nobody_chosen_goes_back_to_the_choice(office: Office):
    truc = await office.person(Role.EMERGENCY)
    template = await office.template()
    answer = await truc.get(f"/emergency/review?template={template}&where=villages")

    assert answer.status_code == 422
    assert "nobody would hear it" in answer.text
    assert fields(answer)["template"] == template


async def test_an_unknown_template_is_not_found(office: Office):
    truc = await office.person(Role.EMERGENCY)
    for path in ("/emergency/where?template=x", "/emergency/review?template=x&where=all"):
        assert (await truc.get(path)).status_code == 404
