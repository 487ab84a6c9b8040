"""Which tests run one after the other on one worker, and which begin first.

The tests of whole systems mostly wait: for a start, for a minute of sound, for a broker that was killed. Begun first,
in two chains, they wait while the others work; begun last, everybody would wait for them, and they would disturb each
other.
"""

from typing import Any

import pytest
import structlog
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadScopeScheduling

from tests.support.made_once import THIS_SESSION

CHAINS = {
    "killing": ("test_chaos.py", "test_killed.py", "test_killed_at_random.py", "test_power_cut_disk.py"),
    "airing": (
        "test_weak_link.py",
        "test_demo.py",
        "test_alone.py",
        "test_other_carriers.py",
        "test_enrolled_board.py",
        "test_emergency.py",
    ),
}
_CHAIN_OF = {f"tests/acceptance/{file}": chain for chain, files in CHAINS.items() for file in files}
_LONG = ("acceptance", "conformance", "simulation")


class ByFile(LoadScopeScheduling):
    """Gives a worker all tests of a file, or of a chain of files, so that what they share is set up once."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return _CHAIN_OF.get(file, file)


settings.register_profile(
    "loa", deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
settings.load_profile("loa")
"""How long an example takes says something of the machine, not of Loa; one site serves all examples of a test."""


def pytest_configure() -> None:
    """Plain tracebacks in what is logged, as the server has them: rich ones draw every variable, 19 s for some."""
    *others, _ = structlog.get_config()["processors"]
    plain = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[*others, plain])


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish() -> None:
    """Also on each worker, before it says that it has ended."""
    THIS_SESSION.remove()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile:
    """Marks of groups would need no scheduler of ours, but pytest 9.2 and xdist 3.8 lose them without a word."""
    return ByFile(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long folders in front; otherwise the order stays."""
    items.sort(key=_rank)


def _rank(item: pytest.Item) -> int:
    folder = item.path.parent.name
    return _LONG.index(folder) if folder in _LONG else len(_LONG)
