"""The bytes on the line to an encoder: the documented example, and whatever else may come along."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_sim.encoders.frames import Frame, Opcode, Reader, code_list, crc, programme, read_codes

EXAMPLE = bytes.fromhex("a55a 0013 01 07 0000d41c 03 0002 04 30313031 04 30313046".replace(" ", ""))
CODES = st.lists(st.text("0123456789ABCDEF", min_size=1, max_size=16), max_size=20)
FRAMES = st.builds(Frame, st.sampled_from(Opcode), st.integers(0, 255), st.binary(max_size=60))


def test_the_checksum_is_the_one_with_this_check_value():
    assert crc(b"123456789") == 0x29B1


GUIDE = Path(__file__).parents[3] / "docs" / "device-makers.md"


def test_the_documented_example_is_what_is_sent():
    frame = Frame(Opcode.BEGIN, 7, programme(54_300, 3, ("0101", "010f")))
    assert frame.to_bytes() == EXAMPLE + crc(EXAMPLE[2:]).to_bytes(2, "big")
    assert frame.to_bytes().hex() == "a55a001301070000d41c0300020430313031043031304629ed"
    assert frame.to_bytes().hex(" ") in GUIDE.read_text("utf-8")


@given(CODES)
@settings(max_examples=60)
def test_codes_come_back_as_they_went(codes: list[str]):
    assert read_codes(code_list(codes)) == tuple(codes)


@given(st.binary(max_size=40))
@settings(max_examples=60)
def test_anything_else_is_no_list_of_codes(data: bytes):
    try:
        codes = read_codes(data)
    except (ValueError, UnicodeDecodeError):
        return
    assert len(code_list(codes)) == len(data)


@given(st.lists(st.tuples(st.binary(max_size=12), FRAMES), max_size=6), st.integers(1, 40), st.data())
@settings(max_examples=100)
def test_frames_are_found_between_noise_in_pieces_of_any_size(
    sent: list[tuple[bytes, Frame]], size: int, data: st.DataObject
):
    # Noise without the sync bytes: what looks like a beginning may swallow the frame behind it, and that is allowed.
    line = b"".join(noise.replace(b"\xa5", b"\x00") + frame.to_bytes() for noise, frame in sent)
    reader, found = Reader(), []
    for at in range(0, len(line), size):
        found += reader.feed(line[at : at + size])
    assert found == [frame for _, frame in sent]


@given(FRAMES, st.integers(0, 500), st.integers(1, 255))
@settings(max_examples=100)
def test_a_damaged_frame_is_never_taken_for_another(frame: Frame, at: int, change: int):
    data = bytearray(frame.to_bytes())
    at %= len(data)
    data[at] ^= change
    assert list(Reader().feed(bytes(data))) == []


@pytest.mark.parametrize("opcode", [0x00, 0x05, 0xFF])
def test_an_opcode_nobody_knows_is_passed_over(opcode: int):
    body = bytes([0, 2, opcode, 1])
    strange = b"\xa5\x5a" + body + crc(body).to_bytes(2, "big")
    after = Frame(Opcode.DONE, 1)
    assert list(Reader().feed(strange + after.to_bytes())) == [after]
