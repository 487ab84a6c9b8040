"""What is on air: one programme, the newest wish, and no claim that an encoder did what it did not."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from devices.wire.content import Tone
from devices.wire.orders import PlayClass, Repeat
from firmware_sim.effects import Sound
from firmware_sim.encoders.simulated import SimulatedDriver
from firmware_sim.plan import SoundPlan
from firmware_sim.player import VirtualPlayer
from firmware_sim.radio import DriverFailed, Heard, OnAir, Transmitter
from firmware_sim.radio_player import RadioPlayer
from tests.support.until import until
from tests.unit.firmware_sim.rig import play

A, B = OnAir("A", ("0101",)), OnAir("B", ("0101", "0102"), PlayClass.EMERGENCY)


def nothing() -> None:
    """Nobody asks."""


class Encoder(SimulatedDriver):
    """Fails at the steps it is told to, and hangs at those."""

    def __init__(self, **options: object) -> None:
        super().__init__("bn-g01", **options)  # type: ignore[arg-type]  # the keywords of the real one
        self.fails: set[str] = set()
        self.hangs: set[str] = set()
        self.tried: list[str] = []
        self.second_try = asyncio.Event()

    async def begin(self, on_air: OnAir) -> None:
        await self._step("begin", on_air.occurrence)
        await super().begin(on_air)

    async def keep(self, on_air: OnAir) -> None:
        await self._step("keep", on_air.occurrence)
        await super().keep(on_air)

    async def end(self, on_air: OnAir) -> frozenset[str] | None:
        await self._step("end", on_air.occurrence)
        return await super().end(on_air)

    async def check(self) -> None:
        await self._step("check", "")

    async def _step(self, step: str, occurrence: str) -> None:
        self.tried.append(f"{step} {occurrence}".strip())
        if self.tried.count("begin A") == 2:
            self.second_try.set()
        if step in self.fails:
            raise DriverFailed(step)
        if step in self.hangs or f"{step} {occurrence}" in self.hangs:
            await asyncio.Event().wait()


@asynccontextmanager
async def on_air(encoder: SimulatedDriver, keep_every_s: float = 60) -> AsyncIterator[Transmitter]:
    transmitter = Transmitter(encoder, keep_every_s=keep_every_s, check_every_s=60, again_s=0.02)
    try:
        yield transmitter
    finally:
        await transmitter.close()


def steps(encoder: SimulatedDriver) -> list[tuple[str, bool]]:
    return [(entry.on_air.occurrence, entry.began) for entry in encoder.log]


async def test_what_is_on_air_is_ended_before_the_next_begins():
    encoder, ready = Encoder(), []
    async with on_air(encoder) as transmitter:
        transmitter.begin(A, lambda: ready.append("A"), nothing)
        await until(lambda: ready == ["A"])
        transmitter.begin(B, lambda: ready.append("B"), nothing)
        transmitter.end("A")
        await until(lambda: ready == ["A", "B"])
        assert transmitter.on_air == "B"
        transmitter.end("B")
        await until(lambda: len(encoder.log) == 4)
    assert steps(encoder) == [("A", True), ("A", False), ("B", True), ("B", False)]
    assert encoder.log[2].on_air.codes == ("0101", "0102")


async def test_an_encoder_that_does_not_say_that_it_ended_one_programme_still_carries_the_next():
    encoder = Encoder()
    encoder.fails = {"end"}
    async with on_air(encoder) as transmitter:
        ready, said = asyncio.Event(), list[str]()
        transmitter.begin(A, ready.set, nothing)
        await ready.wait()
        transmitter.begin(B, lambda: said.append("ready"), lambda: said.append("failed"))
        await until(lambda: bool(said))
        assert said == ["ready"]
        encoder.fails.clear()


async def test_closing_takes_off_air_what_is_there():
    encoder, ready = Encoder(), []
    async with on_air(encoder) as transmitter:
        transmitter.begin(A, lambda: ready.append("A"), nothing)
        await until(lambda: ready == ["A"])
    assert steps(encoder) == [("A", True), ("A", False)]


async def test_an_emergency_does_not_wait_for_an_encoder_that_hangs_over_something_else():
    encoder, ready = Encoder(), []
    encoder.hangs = {"begin A", "check "}
    async with on_air(encoder) as transmitter:
        transmitter.begin(A, lambda: ready.append("A"), nothing)
        await until(lambda: "begin A" in encoder.tried)
        transmitter.begin(B, lambda: ready.append("B"), nothing)
        await until(lambda: ready == ["B"])
    assert encoder.tried[-4:] == ["begin A", "end A", "begin B", "end B"]


async def test_an_encoder_that_fails_three_times_has_failed_and_is_faulty_until_it_works():
    encoder, told, changes = Encoder(), [], []
    encoder.fails = {"begin", "end", "check"}
    async with on_air(encoder) as transmitter:
        transmitter.on_change = lambda: changes.append(transmitter.faulty)
        transmitter.begin(A, lambda: told.append("ready"), lambda: told.append("failed"))
        await until(lambda: told == ["failed"])
        assert [step for step in encoder.tried if step.startswith("begin")] == ["begin A"] * 3
        await until(lambda: changes == [True])
        assert transmitter.heard("0101") is Heard.NO_TRANSMITTER
        encoder.fails = set()
        transmitter.begin(B, lambda: told.append("ready"), nothing)
        await until(lambda: changes == [True, False])
    assert told == ["failed", "ready"]


async def test_two_failures_of_three_is_made_up_for():
    encoder, told = Encoder(), []
    encoder.fails = {"begin"}
    async with on_air(encoder) as transmitter:
        transmitter.begin(A, lambda: told.append("ready"), lambda: told.append("failed"))
        await encoder.second_try.wait()
        encoder.fails = set()
        await until(lambda: bool(told))
    assert told == ["ready"]


async def test_a_programme_whose_encoder_dies_on_air_has_failed():
    encoder, told = Encoder(), []
    async with on_air(encoder, keep_every_s=0.01) as transmitter:
        transmitter.begin(A, lambda: told.append("ready"), lambda: told.append("failed"))
        await until(lambda: "keep A" in encoder.tried)
        encoder.fails = {"keep"}
        await until(lambda: told == ["ready", "failed"])
        assert transmitter.on_air is None


async def test_receivers_that_can_answer_are_known_and_the_others_are_guessed_at():
    for options, expected in (
        ({"return_channel": True}, [Heard.ANSWERED]),
        ({"return_channel": True, "loss": 1.0}, [Heard.SILENT]),
        ({}, [Heard.ASSUMED]),
        ({"loss": 1.0}, [Heard.ASSUMED]),
    ):
        encoder, ready = Encoder(**options), []
        async with on_air(encoder) as transmitter:
            assert transmitter.heard("0101") is Heard.ASSUMED
            transmitter.begin(A, lambda ready=ready: ready.append(True), nothing)
            await until(lambda ready=ready: bool(ready))
            transmitter.end("A")
            await until(lambda encoder=encoder: len(encoder.log) == 2)
        assert [transmitter.heard("0101")] == expected
        assert transmitter.heard("0109") is Heard.ASSUMED


async def test_a_lossy_channel_loses_about_its_share():
    encoder = SimulatedDriver("bn-g01", loss=0.3, return_channel=True)
    codes = tuple(f"{number:04X}" for number in range(1_000))
    await encoder.begin(OnAir("A", codes))
    assert 620 <= len(encoder.log[-1].heard) <= 780
    answered = await encoder.end(OnAir("A", codes))
    assert answered is not None
    assert answered < encoder.log[-1].heard


# --- the player over it


def sound(occurrence: str = "A", *, output: str = "radio", position_ms: int = 0, ms: int = 40) -> Sound:
    item = play(parts=(Tone(((800, 800, ms, 0),)),), repeat=Repeat(1, 0))
    plan = SoundPlan.of(item, ("vi",))
    return Sound(output, occurrence, 1, plan, position_ms, 100, emergency=False, codes=("0101",))


def ends(into: list[tuple[int, str]]) -> Callable[[int, str], None]:
    return lambda position_ms, reason: into.append((position_ms, reason))


def nowhere(_sha: bytes) -> Path | None:
    return None


async def test_the_sound_follows_when_the_receivers_are_open_and_they_close_when_it_ends():
    encoder, heard = Encoder(), []
    async with on_air(encoder) as transmitter:
        player = RadioPlayer(VirtualPlayer(), transmitter)
        player.sound(sound(), nowhere, ends(heard))
        await until(lambda: len(encoder.log) == 2)
        player.close()
    assert heard == [(40, "")]
    assert steps(encoder) == [("A", True), ("A", False)]


async def test_a_failed_transmission_ends_as_that_and_nothing_sounded():
    encoder, heard = Encoder(), []
    encoder.fails = {"begin"}
    async with on_air(encoder) as transmitter:
        player = RadioPlayer(VirtualPlayer(), transmitter)
        player.sound(sound(position_ms=10), nowhere, ends(heard))
        await until(lambda: bool(heard))
        player.close()
    assert heard == [(10, "transmitter")]


async def test_a_transmission_that_fails_on_air_ends_where_it_was():
    encoder, heard = Encoder(), []
    async with on_air(encoder, keep_every_s=0.01) as transmitter:
        player = RadioPlayer(VirtualPlayer(), transmitter)
        player.sound(sound(position_ms=1_000, ms=60_000), nowhere, ends(heard))
        await until(lambda: "keep A" in encoder.tried)
        encoder.fails = {"keep", "end"}
        await until(lambda: bool(heard))
        player.close()
    assert heard[0][1] == "transmitter"
    assert 1_000 <= heard[0][0] < 30_000


async def test_silencing_before_the_receivers_are_open_says_nothing_later():
    encoder, heard = Encoder(), []
    encoder.hangs = {"begin"}
    async with on_air(encoder) as transmitter:
        player = RadioPlayer(VirtualPlayer(), transmitter)
        player.sound(sound(position_ms=7), nowhere, ends(heard))
        await until(lambda: "begin A" in encoder.tried)
        assert player.silence("radio", "B") == 0
        assert player.silence("radio", "A") == 7
        await until(lambda: encoder.tried[-1] in {"end A", "check"})
        player.close()
    assert heard == []


async def test_the_loudspeakers_know_nothing_of_the_encoder():
    encoder, heard = Encoder(), []
    async with on_air(encoder) as transmitter:
        player = RadioPlayer(VirtualPlayer(), transmitter)
        player.sound(sound(output="speaker"), nowhere, ends(heard))
        await until(lambda: bool(heard))
        player.close()
    assert encoder.tried == []


@pytest.mark.parametrize("present", [True, False])
async def test_a_breakdown_by_hand_shows_at_once(present: bool):
    encoder, told = Encoder(), []
    async with on_air(encoder) as transmitter:
        transmitter.break_down(present=present)
        assert transmitter.faulty is present
        transmitter.begin(A, lambda: told.append("ready"), lambda: told.append("failed"))
        await until(lambda: bool(told))
    assert told == ["failed" if present else "ready"]
