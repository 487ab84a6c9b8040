"""Limits: what a sound may cost, and how a worker process binds itself before it touches foreign bytes."""

import resource
from dataclasses import dataclass

MB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class AudioLimits:
    """What one sound may cost; the defaults suit two hours of speech."""

    max_bytes: int = 500_000_000
    max_duration_s: int = 7200
    min_duration_ms: int = 300
    decode_memory_mb: int = 768
    """Address space, of which Python, NumPy and FFmpeg's libraries take about 250 MB before the first byte."""
    decode_timeout_s: int = 120
    master_memory_mb: int = 2048
    master_timeout_s: int = 1800
    workers: int = 2
    """How many sounds are worked on at once; the others wait."""
    spare_bytes: int = 1_000_000_000
    """With less free on the store's disk no sound is begun: two hours take half of it, and orders need the rest."""


def limit_this_process(*, memory_mb: int, cpu_s: int, file_mb: int) -> None:
    """Bind this process for good: address space, processor time, size of any file it writes, no core dump."""
    for kind, value in (
        (resource.RLIMIT_AS, memory_mb * MB),
        (resource.RLIMIT_CPU, cpu_s),
        (resource.RLIMIT_FSIZE, file_mb * MB),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(kind)
        allowed = value if hard == resource.RLIM_INFINITY else min(value, hard)
        # One second more for the kernel to say SIGXCPU, which names the reason, before it says SIGKILL.
        last = allowed + 1 if kind == resource.RLIMIT_CPU and hard == resource.RLIM_INFINITY else allowed
        resource.setrlimit(kind, (allowed, last))
