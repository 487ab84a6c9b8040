"""The board's side of enrolment, as far as no server is needed."""

from pathlib import Path

import pytest

from base.errors import Refused
from firmware_sim.enrol import enrol, fingerprint


@pytest.mark.parametrize("server", ["http://8.8.8.8", "http://8.8.8.8:8080/x"])
def test_a_code_does_not_go_over_the_open_network_in_clear(server: str, tmp_path: Path):
    with pytest.raises(Refused) as refused:
        enrol(server, "AAAAAAAAAA", tmp_path / "device.json")
    assert refused.value.code == "firmware.enrol_plain"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("server", ["loa.example.vn", "ftp://127.0.0.1", "http://", ""])
def test_what_is_no_address_is_said_plainly(server: str, tmp_path: Path):
    with pytest.raises(Refused, match=r"firmware\.enrol_refused"):
        enrol(server, "AAAAAAAAAA", tmp_path / "device.json")


@pytest.mark.parametrize("text", ["[keys]\nseed = 'x'\n", "[[trust]]\nkid = 'x'\n", "device = 'x'\n", "[local\n"])
def test_a_boards_file_cannot_say_who_the_board_is_or_whom_it_obeys(text: str, tmp_path: Path):
    (tmp_path / "board.toml").write_text(text)
    with pytest.raises(Refused, match=r"firmware\.settings_invalid"):
        enrol("http://127.0.0.1:1", "AAAAAAAAAA", tmp_path / "device.json", board=tmp_path / "board.toml")


def test_the_fingerprint_depends_on_every_key_and_not_on_their_order():
    one, two = {"kid": "bao-nhai#1", "public": "00" * 32}, {"kid": "vn#1", "public": "11" * 32}
    assert fingerprint([one, two]) == fingerprint([two, one]) == "6E90-84DE-2244-8471"
    assert fingerprint([one, {**two, "public": "12" * 32}]) != fingerprint([one, two])
