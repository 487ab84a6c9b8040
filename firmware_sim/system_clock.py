"""The machine's clock as a device's clock: what the kernel says of its own error, or plain trust."""

import ctypes
import sys
import time
from collections.abc import Callable
from pathlib import Path

from firmware_sim.clock import DeviceClock, Reading

TRUSTED_BOUND_MS = 100
"""The bound taken for a system clock that is trusted though the kernel does not vouch for it."""
_TIME_ERROR = 5
"""adjtimex(2): the clock is not synchronised."""
_ASK_EVERY_MS = 1_000


class _Timex(ctypes.Structure):
    """The beginning of struct timex, and room for the rest of it (208 bytes on 64-bit Linux)."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("rest", ctypes.c_byte * 256),
    )


def kernel_bound_ms() -> int | None:
    """The kernel's bound of its clock's error in milliseconds; None when it is not synchronised, or cannot tell."""
    if sys.platform != "linux":
        return None
    adjtimex = getattr(ctypes.CDLL(None), "adjtimex", None)
    if adjtimex is None:
        return None
    timex = _Timex()
    state = adjtimex(ctypes.byref(timex))
    return None if state in {-1, _TIME_ERROR} else int(timex.maxerror) // 1_000 + 1


def stated_in(path: Path) -> Callable[[], int | None]:
    """What a file states of the clock's error in milliseconds; None when it is not there, or states nothing."""

    def bound_ms() -> int | None:
        try:
            return max(0, int(path.read_text(encoding="ascii")))
        except (OSError, ValueError):
            return None

    return bound_ms


class SystemClock:
    """Readings for one process. With `trust` a clock nobody vouches for counts as right; a stated bound still holds."""

    def __init__(self, *, trust: bool, bound_ms: Callable[[], int | None] = kernel_bound_ms) -> None:
        self._trust, self._bound_ms = trust, bound_ms
        self._clock = DeviceClock()
        self._asked_mono_ms: int | None = None
        self._bound: int | None = None

    def now(self) -> Reading:
        """The present moment."""
        wall_ms, mono_ms = time.time_ns() // 1_000_000, time.monotonic_ns() // 1_000_000
        if self._asked_mono_ms is None or mono_ms - self._asked_mono_ms >= _ASK_EVERY_MS:
            self._asked_mono_ms, self._bound = mono_ms, self._bound_ms()
        bound_ms = TRUSTED_BOUND_MS if self._bound is None and self._trust else self._bound
        if bound_ms is not None:
            self._clock.set(wall_ms, mono_ms, bound_ms)
        return self._clock.read(mono_ms, wall_ms)
