"""What a fuzz target is: bytes to begin with, and what must hold of any bytes whatever."""

from collections.abc import Callable, Iterable
from typing import NamedTuple


class Target(NamedTuple):
    """One reader of foreign bytes."""

    seeds: Callable[[], Iterable[bytes]]
    """Good examples, made by what really makes them."""
    check: Callable[[bytes], None]
    """Fails by raising anything at all; a refusal it expects it catches itself."""
    max_bytes: int = 4096
    memory_mb: int | None = None
    """Address space beside the fuzzer's own, where the reader runs under such a limit in service too."""
