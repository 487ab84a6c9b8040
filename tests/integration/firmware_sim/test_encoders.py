"""Encoders that are really driven: a pseudo-terminal with an encoder at its end, and command lines."""

import asyncio
import contextlib
import os
import sys
import tty
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from devices.wire.orders import PlayClass
from firmware_sim.encoders import command as command_line
from firmware_sim.encoders import driver_of
from firmware_sim.encoders.command import CommandDriver
from firmware_sim.encoders.frames import Frame, Opcode, Reader, code_list, programme
from firmware_sim.encoders.serial_line import SerialDriver
from firmware_sim.encoders.simulated import SimulatedDriver
from firmware_sim.fittings import TransmitterPart
from firmware_sim.radio import DriverFailed, OnAir
from tests.support.until import until

AIR = OnAir("01J0000000000000000000000A", ("0101", "010F"), PlayClass.EMERGENCY)


class Encoder:
    """The other end of the line: takes frames, and answers as it is told."""

    def __init__(self) -> None:
        self.master, slave = os.openpty()
        tty.setraw(slave)
        self.path = os.ttyname(slave)
        os.close(slave)
        os.set_blocking(self.master, False)
        self.frames: list[Frame] = []
        self.answer = Opcode.DONE
        self.heard: tuple[str, ...] | None = None
        self.mute = False
        self._reader = Reader()
        asyncio.get_running_loop().add_reader(self.master, self._read)

    def _read(self) -> None:
        with contextlib.suppress(OSError):  # nobody has the other end open just now
            for frame in self._reader.feed(os.read(self.master, 4_096)):
                self.frames.append(frame)
                self._reply(frame)

    def _reply(self, frame: Frame) -> None:
        if self.mute:
            return
        data = b"noise" + Frame(self.answer, frame.number).to_bytes()
        if frame.opcode is Opcode.END and self.heard is not None:
            data += Frame(Opcode.HEARD, frame.number, code_list(self.heard)).to_bytes()
        os.write(self.master, data)

    def close(self) -> None:
        if self.master >= 0:
            asyncio.get_running_loop().remove_reader(self.master)
            os.close(self.master)
            self.master = -1


@asynccontextmanager
async def line(**options: bool) -> AsyncIterator[tuple[Encoder, SerialDriver]]:
    encoder = Encoder()
    driver = SerialDriver(encoder.path, 54_300, baud=19_200, **options)
    try:
        yield encoder, driver
    finally:
        await driver.close()
        encoder.close()


async def test_the_encoder_is_told_what_is_on_air_and_until_when():
    async with line() as (encoder, driver):
        await driver.begin(AIR)
        await driver.keep(AIR)
        assert await driver.end(AIR) is None
        await driver.check()
        await until(lambda: len(encoder.frames) == 4)
    on = programme(54_300, 3, AIR.codes)
    assert [(f.opcode, f.payload) for f in encoder.frames] == [
        (Opcode.BEGIN, on),
        (Opcode.KEEPALIVE, on),
        (Opcode.END, b""),
        (Opcode.CHECK, b""),
    ]
    assert [f.number for f in encoder.frames] == [1, 2, 3, 4]


async def test_receivers_that_answer_are_named_even_when_all_comes_at_once():
    async with line(acknowledges=True, return_channel=True) as (encoder, driver):
        encoder.heard = ("010F", "0999")
        await driver.begin(AIR)
        assert await driver.end(AIR) == {"010F"}


async def test_an_encoder_that_refuses_or_is_silent_has_failed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("firmware_sim.encoders.serial_line.ANSWER_TIMEOUT_S", 0.1)
    async with line(acknowledges=True) as (encoder, driver):
        encoder.answer = Opcode.FAILED
        with pytest.raises(DriverFailed, match="refused"):
            await driver.begin(AIR)
        encoder.mute = True
        with pytest.raises(DriverFailed, match="no answer"):
            await driver.begin(AIR)
        encoder.mute, encoder.answer = False, Opcode.DONE
        await driver.begin(AIR)


async def test_a_line_that_was_pulled_out_or_never_there_is_a_failure():
    async with line() as (encoder, driver):
        await driver.begin(AIR)
        encoder.close()
        with pytest.raises(DriverFailed):
            await driver.keep(AIR)
    with pytest.raises(DriverFailed):
        await SerialDriver("/nowhere/tty", 54_300).check()


# --- by command line


@pytest.fixture
def script(tmp_path: Path) -> list[str]:
    """Writes down how it was run, and does what the file `do` beside it says."""
    path = tmp_path / "encoder.py"
    path.write_text(
        "import os, sys, pathlib, time\n"
        f"here = pathlib.Path({str(tmp_path)!r})\n"
        "with (here / 'log').open('a') as log: log.write(' '.join(sys.argv[1:]) + '\\n')\n"
        "exec((here / 'do').read_text() if (here / 'do').exists() else '')\n"
    )
    return [sys.executable, "-I", "-S", str(path)]


ALL = ["{op}", "{codes}", "{frequency_khz}", "{class}", "{occurrence}"]


async def test_the_command_is_given_what_the_programme_is(script: list[str], tmp_path: Path):
    driver = CommandDriver([*script, *ALL], 54_300)
    await driver.begin(AIR)
    await driver.keep(AIR)
    assert await driver.end(AIR) is None
    await driver.check()
    assert (tmp_path / "log").read_text().splitlines() == [
        f"{op} 0101,010F 54300 emergency {AIR.occurrence}" for op in ("begin", "keep", "end")
    ] + ["check  54300  "]


async def test_a_plain_command_is_run_for_begin_and_end_alone(script: list[str], tmp_path: Path):
    driver = CommandDriver([*script, "--codes={codes}"], 54_300)
    await driver.check()
    await driver.begin(AIR)
    await driver.keep(AIR)
    await driver.end(AIR)
    assert (tmp_path / "log").read_text().splitlines() == ["--codes=0101,010F begin", "--codes=0101,010F end"]


async def test_what_the_command_prints_at_the_end_says_who_heard(script: list[str], tmp_path: Path):
    (tmp_path / "do").write_text("print('heard 010f'); print('heard 77'); print('heardnot 0101')")
    assert await CommandDriver([*script, "{op}"], 54_300, return_channel=True).end(AIR) == {"010F"}


async def test_a_command_that_fails_or_is_not_there_has_failed(script: list[str], tmp_path: Path):
    (tmp_path / "do").write_text("sys.exit(3)")
    with pytest.raises(DriverFailed, match="exit status 3"):
        await CommandDriver([*script, "{op}"], 54_300).begin(AIR)
    with pytest.raises(DriverFailed, match="no-such-encoder"):
        await CommandDriver(["/no-such-encoder"], 54_300).begin(AIR)


async def test_a_command_that_hangs_is_killed_with_all_it_started(
    script: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(command_line, "STEP_TIMEOUT_S", 0.5)
    (tmp_path / "do").write_text(
        "if os.fork() == 0: time.sleep(60)\n(here / 'pid').write_text(str(os.getpgid(0)))\ntime.sleep(60)"
    )
    with pytest.raises(DriverFailed, match="no end"):
        await CommandDriver([*script, "{op}"], 54_300).begin(AIR)
    await until(lambda: not _lives(int((tmp_path / "pid").read_text())))


def _lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def test_the_device_file_names_the_driver(tmp_path: Path):
    made = {
        "simulated": SimulatedDriver,
        "command": CommandDriver,
        "serial": SerialDriver,
    }
    for name, kind in made.items():
        part = TransmitterPart.model_validate(
            {"frequency_khz": 54_300, "driver": name, "command": ["x", "{op}"], "device": "/dev/ttyUSB0"}
        )
        assert isinstance(driver_of(part, "bn-g01"), kind)


@pytest.mark.parametrize(
    "wrong",
    [
        {"driver": "command"},
        {"driver": "serial"},
        {"driver": "serial", "device": "ttyUSB0"},
        {"driver": "command", "command": ["x", "{seed}"]},
        {"driver": "command", "command": ["x", "{codes"]},
        {"driver": "command", "command": ["x", "{codes.__class__}"]},
        {"loss": 1.1},
        {"baud": 9_601, "driver": "simulated"},
    ],
)
def test_a_transmitter_that_cannot_be_driven_is_refused(wrong: dict[str, object]):
    with pytest.raises(ValueError):
        TransmitterPart.model_validate({"frequency_khz": 54_300, **wrong})
