"""Live streams as samples: each decoded by a process of its own, the last seconds kept for whoever sounds it."""

import os
import select
import subprocess
import sys
import threading
import time
from collections import deque

import numpy as np
import structlog

from firmware_sim.render import RATE_HZ, Pcm
from firmware_sim.streams import BLOCK_MS, Live, is_loud
from firmware_sim.tallies import Tallies

_BLOCK_BYTES = RATE_HZ * BLOCK_MS // 1_000 * 2
KEPT_BLOCKS = 40
"""The last four seconds: what a link with hiccups may lag behind."""
AHEAD_BLOCKS = 5
"""Half a second must be here before it begins to sound, or goes on after it ran dry."""
BURST_S = 20.0
"""So much sound is taken at once: what a server has ready for a new listener."""
DRIFT = 1.005
"""And after that so much faster than real time, at most: clocks differ, and a file is not to be sounded in a rush."""
IDLE_S = 150.0
"""Nobody has asked for it for so long: it is let go. Longer than it is opened ahead, and than most interruptions."""
STUCK_S = 45.0
"""A process that has given no sample for so long is replaced by a new one."""
MAX_STREAMS = 4
"""At once on one device: two outputs, each with the present one and the next."""
_log = structlog.get_logger(__name__)


class LiveStreams:
    """Every stream is read by one thread from one process."""

    def __init__(self) -> None:
        self.tallies = Tallies()
        self._lock = threading.Lock()
        self._open: dict[str, _Stream] = {}

    def tune(self, url: str) -> Live:
        """What sounds never waits for this: a new process starts in its own thread."""
        with self._lock:
            self._open = {each.url: each for each in self._open.values() if each.running}
            if url not in self._open:
                self._make_room()
                self._open[url] = _Stream(url)
            stream = self._open[url]
        stream.wanted()
        return _Listener(stream)

    def close(self) -> None:
        with self._lock:
            for stream in self._open.values():
                stream.stop()
            self._open.clear()

    def _make_room(self) -> None:
        while len(self._open) >= MAX_STREAMS:
            oldest = min(self._open.values(), key=lambda stream: stream.wanted_s)
            self._open.pop(oldest.url).stop()


class Pace:
    """How much sound may be taken from a process by now; whoever sends faster has to wait."""

    def __init__(self, now_s: float) -> None:
        self._began_s, self._taken_s = now_s, 0.0

    def ahead_s(self, now_s: float) -> float:
        """How long nothing more may be taken; 0 or less: something may."""
        return self._taken_s - BURST_S - (now_s - self._began_s) * DRIFT

    def took(self, samples: int) -> None:
        self._taken_s += samples / RATE_HZ


class _Listener:
    """A place of its own in a stream: two outputs of one device may sound the same one."""

    def __init__(self, stream: "_Stream") -> None:
        # Not again what was heard before an interruption.
        self._stream, self._next, self._flowing = stream, stream.heard, False

    @property
    def quiet_ms(self) -> int:
        return self._stream.quiet_ms

    def read(self) -> Pcm | None:
        self._stream.wanted()
        number, waiting, block = self._stream.block(self._next)
        if waiting < (1 if self._flowing else AHEAD_BLOCKS):
            return None
        self._next, self._flowing = number + 1, waiting > 1
        self._stream.heard = max(self._stream.heard, self._next)
        return block


class _Stream:
    def __init__(self, url: str) -> None:
        self.url = url
        self.wanted_s = self._loud_s = self._came_s = time.monotonic()
        self._lock = threading.Lock()
        self._blocks: deque[Pcm] = deque(maxlen=KEPT_BLOCKS)
        self._came = self.heard = 0
        self._stopped = threading.Event()
        threading.Thread(target=self._run, name="live-stream", daemon=True).start()

    @property
    def running(self) -> bool:
        return not self._stopped.is_set()

    @property
    def quiet_ms(self) -> int:
        return round((time.monotonic() - self._loud_s) * 1_000)

    def wanted(self) -> None:
        """Somebody listens."""
        self.wanted_s = time.monotonic()

    def block(self, number: int) -> tuple[int, int, Pcm | None]:
        """Block `number`, or the oldest that is kept, with its number and how many there are from it on."""
        with self._lock:
            oldest = self._came - len(self._blocks)
            number = max(number, oldest)
            waiting = self._came - number
            return number, waiting, self._blocks[number - oldest] if waiting else None

    def stop(self) -> None:
        self._stopped.set()

    def _run(self) -> None:
        _log.info("stream.opened", url=self.url)
        while not self._over():
            self._listen()
        self._stopped.set()
        _log.info("stream.closed", url=self.url)

    def _over(self) -> bool:
        return self._stopped.is_set() or time.monotonic() - self.wanted_s > IDLE_S

    def _listen(self) -> None:
        """Take what one process gives, until it ends, is stuck, or is not wanted any more."""
        command = [sys.executable, "-m", "firmware_sim.live_worker", self.url]
        self._came_s = time.monotonic()
        try:
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603 - ourselves
        except OSError as error:
            _log.warning("stream.no_process", url=self.url, problem=str(error))
            self._stopped.wait(5)
            return
        with process:
            assert process.stdout is not None
            self._take(process.stdout.fileno())
            process.kill()
        self._stopped.wait(0.5)

    def _take(self, pipe: int) -> None:
        rest, pace = b"", Pace(time.monotonic())
        while not self._over() and time.monotonic() - self._came_s < STUCK_S:
            if (ahead_s := pace.ahead_s(time.monotonic())) > 0:
                self._stopped.wait(min(ahead_s, 0.2))
                continue
            if not select.select([pipe], [], [], 0.2)[0]:
                continue
            data = os.read(pipe, 65_536)
            if not data:
                return
            self._came_s = time.monotonic()
            pace.took(len(data) // 2)
            rest = self._keep(rest + data)

    def _keep(self, data: bytes) -> bytes:
        """Put whole blocks where they are read; what is left over."""
        size = _BLOCK_BYTES
        whole = len(data) // size * size
        for at in range(0, whole, size):
            block = np.frombuffer(data[at : at + size], "<i2").astype(np.int16)
            with self._lock:
                self._blocks.append(block)
                self._came += 1
            if is_loud(block):
                self._loud_s = time.monotonic()
        return data[whole:]
