"""The real speaker command with an ear at its loudspeaker: what sounds, from where to where, as lines of a file.

Run as a script: ear.py EAR_FILE run --config …; `heard` reads the file, also of a process that was killed.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from firmware_sim import player
from firmware_sim.effects import Sound
from firmware_sim.player import Locate, OnEnd, VirtualPlayer

STEP_S = 0.1
"""How often the ear notes how far a sound has come: a kill may hide so much of it."""
SLACK_MS = 250
"""What lies between a moment of the sound and the line about it, on a busy machine."""


class Ear(VirtualPlayer):
    """Notes every beginning, and how far it was heard, in a file that other processes read."""

    def __init__(self, path: Path | None = None) -> None:
        super().__init__()
        self._path = path or Path(os.environ["LOA_EAR"])
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._sounds: dict[str, tuple[Sound, float, asyncio.TimerHandle]] = {}

    def sound(self, sound: Sound, locate: Locate, on_end: OnEnd) -> None:
        self._stop(sound.output)
        self._note("begin", sound, sound.position_ms)
        loop = asyncio.get_running_loop()
        self._sounds[sound.output] = (sound, loop.time(), loop.call_later(STEP_S, self._on, sound.output))

        def ended(reached_ms: int, reason: str) -> None:
            self._stop(sound.output)
            on_end(reached_ms, reason)

        super().sound(sound, locate, ended)

    def silence(self, output: str, occurrence: str) -> int:
        if output in self._sounds and self._sounds[output][0].occurrence == occurrence:
            self._stop(output)
        return super().silence(output, occurrence)

    def close(self) -> None:
        for output in list(self._sounds):
            self._stop(output)
        super().close()

    def _on(self, output: str) -> None:
        sound, since_s, _ = self._sounds[output]
        loop = asyncio.get_running_loop()
        self._note("on", sound, self._reached_ms(sound, since_s))
        self._sounds[output] = (sound, since_s, loop.call_later(STEP_S, self._on, output))

    def _stop(self, output: str) -> None:
        if output in self._sounds:
            sound, since_s, timer = self._sounds.pop(output)
            timer.cancel()
            self._note("end", sound, self._reached_ms(sound, since_s))

    @staticmethod
    def _reached_ms(sound: Sound, since_s: float) -> int:
        return sound.position_ms + round((asyncio.get_running_loop().time() - since_s) * 1_000)

    def _note(self, what: str, sound: Sound, position_ms: int) -> None:
        line = {
            "what": what,
            "at_ms": time.time_ns() // 1_000_000,
            "output": sound.output,
            "occurrence": sound.occurrence,
            "position_ms": position_ms,
        }
        handle = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            os.write(handle, json.dumps(line).encode() + b"\n")
        finally:
            os.close(handle)


@dataclass(slots=True)
class Stretch:
    """One uninterrupted piece of an airing: from the first position to the last that was certainly heard."""

    output: str
    occurrence: str
    at_ms: int
    begin_ms: int
    reached_ms: int


def heard(text: str) -> list[Stretch]:
    """What the lines tell, in the order in which it began; half a line at the end is passed over."""
    stretches: list[Stretch] = []
    for line in text.splitlines(keepends=True):
        if not line.endswith("\n"):
            continue
        found = json.loads(line)
        if found["what"] == "begin":
            position_ms = found["position_ms"]
            stretch = Stretch(found["output"], found["occurrence"], found["at_ms"], position_ms, position_ms)
            stretches.append(stretch)
        else:
            last = next(each for each in reversed(stretches) if each.output == found["output"])
            last.reached_ms = max(last.reached_ms, found["position_ms"])
    return stretches


def heard_twice(stretches: Sequence[Stretch]) -> list[Stretch]:
    """Stretches that repeat what the same output had made heard of the same airing before."""
    reached: dict[tuple[str, str], int] = {}
    wrong = []
    for stretch in stretches:
        airing = (stretch.output, stretch.occurrence)
        if airing in reached and stretch.begin_ms < reached[airing] - SLACK_MS:
            wrong.append(stretch)
        reached[airing] = max(reached.get(airing, 0), stretch.reached_ms)
    return wrong


def main() -> None:
    """Be the speaker, with this player in the place of the silent one."""
    os.environ["LOA_EAR"] = sys.argv.pop(1)
    player.VirtualPlayer = Ear  # type: ignore[misc] # before the command imports it: that is how the ear gets in
    from firmware_sim.__main__ import main as speaker

    speaker()


if __name__ == "__main__":
    main()
