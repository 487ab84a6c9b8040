"""Which tests run one after the other on one worker, and which begin first.

The tests of whole systems mostly wait: for a start, for a minute of sound, for a broker that was killed. Begun first,
in two chains, they wait while the others work; begun last, everybody would wait for them, and they would disturb each
other.
"""

import pytest

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
_CHAIN_OF = {f"acceptance/{file}": chain for chain, files in CHAINS.items() for file in files}
_LONG = ("acceptance", "conformance", "simulation")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of a file together, the long folders in front; otherwise the order stays."""
    for item in items:
        folder, file = item.path.parent.name, item.path.name
        chain = _CHAIN_OF.get(f"{folder}/{file}", str(item.path))
        item.add_marker(pytest.mark.xdist_group(chain))
    items.sort(key=_rank)


def _rank(item: pytest.Item) -> int:
    folder = item.path.parent.name
    return _LONG.index(folder) if folder in _LONG else len(_LONG)
