"""Passwords: strength, one-time ones, and equal time for people who do not exist."""

import pytest

from base.errors import Refused
from server.auth.passwords import check_password, hash_password, one_time_password, verify_password


@pytest.mark.parametrize("password", ["", "short", "x" * 201])
def test_too_short_and_too_long_are_refused(password: str):
    with pytest.raises(Refused, match="password_length"):
        check_password(password, "din")


@pytest.mark.parametrize("password", ["aaaaaaaaaaaa", "Nguyen-Van-Long"])
def test_one_character_over_and_over_and_the_login_itself_are_refused(password: str):
    with pytest.raises(Refused, match="password_weak"):
        check_password(password, "nguyen-van-long")


def test_a_vietnamese_sentence_is_a_fine_password():
    check_password("Con trâu đi trước cái cày", "din")


def test_one_time_passwords_differ_are_strong_and_hold_nothing_that_is_misread():
    drawn = {one_time_password() for _ in range(50)}
    assert len(drawn) == 50
    for password in drawn:
        check_password(password, "admin")
        assert not set(password) & set("lio01IO")


async def test_the_right_password_fits_its_hash_and_no_other():
    made = await hash_password("Con trâu đi trước")
    assert made.startswith("$argon2id$")
    assert await verify_password("Con trâu đi trước", made)
    assert not await verify_password("Con trâu đi sau", made)


async def test_nobody_has_no_password_yet_is_verified_with_the_same_work(monkeypatch: pytest.MonkeyPatch):
    from server.auth import passwords

    asked: list[str] = []
    real = passwords._hasher.verify

    def counting(password: str, password_hash: str) -> bool:
        asked.append(password_hash)
        return real(password, password_hash)

    monkeypatch.setattr(passwords._hasher, "verify", counting)
    assert not await verify_password("anything at all", None)
    made = await hash_password("x")
    assert asked[0].rsplit("$", 2)[0] == made.rsplit("$", 2)[0]
