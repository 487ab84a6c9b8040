"""Randomness and time at the edges: everything the product would take from the machine comes from the seed here."""

import logging
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace

import structlog
from ulid import ULID

from base import ids
from devices import enrolment, keys
from server import runtime
from simulation.edges import Edges


@contextmanager
def logs_silenced() -> Iterator[None]:
    """The judge looks at what is done; a line for each fault would only cost time."""
    before, disabled = structlog.get_config(), logging.root.manager.disable
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL), cache_logger_on_first_use=False
    )
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        structlog.configure(**before)
        logging.disable(disabled)


def seed_everything(edges: Edges, source: random.Random, now_ms: Callable[[], int]) -> None:
    """ULIDs and secrets from `source`, ULIDs with the world's time."""

    class SeededUlid(ULID):
        def __init__(self, value: bytes | None = None) -> None:
            super().__init__(value if value is not None else now_ms().to_bytes(6, "big") + source.randbytes(10))

    secrets = SimpleNamespace(token_bytes=source.randbytes, token_hex=lambda length: source.randbytes(length).hex())
    edges.set(ids, "ULID", SeededUlid)
    for module in (enrolment, keys, runtime):
        edges.set(module, "secrets", secrets)
