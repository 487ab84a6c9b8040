"""The kit finds each fault that is planted in the reference speaker, and names the rule it breaks."""

import asyncio
import sys
from pathlib import Path

import pytest

from conformance.options import Need
from conformance.standing import STANDING
from conformance.verdict import State, Verdict
from tests.conformance.broken import FAULTS
from tests.conformance.judging import judged

AT_ONCE = 6
OPTIONAL = frozenset({Need.BLOCKS, Need.EXCHANGE, Need.BUNDLES})
OCCASION = {
    "receipts.chained": "orders.once",
    "heartbeat.counts": "heartbeat.soon",
}
"""What makes the device say something by which a standing rule can be judged."""


def fault_of(item: pytest.Item) -> str | None:
    call = getattr(item, "callspec", None)
    return call.params["fault"] if call and item.path == Path(__file__) else None


@pytest.fixture(scope="module")
def found(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Verdict]]:
    """Every fault that is asked for, some of them judged side by side: the kit mostly waits."""
    wanted = [fault for fault in map(fault_of, request.session.items) if fault is not None]
    folders = {fault: tmp_path_factory.mktemp(fault) for fault in wanted}
    return asyncio.run(judge_all(folders))


async def judge_all(folders: dict[str, Path]) -> dict[str, list[Verdict]]:
    gate = asyncio.Semaphore(AT_ONCE)

    async def judge(fault: str, folder: Path) -> list[Verdict]:
        rule = FAULTS[fault][0]
        command = f"{sys.executable} -m tests.conformance.broken {fault} run --config {{config}}"
        patterns = (rule, OCCASION[rule]) if rule in STANDING else (rule,)
        async with gate:
            return await judged(folder, command, *patterns, without=OPTIONAL)

    # All to their end: what is cancelled while it starts a process may wait for that process for ever.
    judging = (judge(fault, folder) for fault, folder in folders.items())
    verdicts = await asyncio.gather(*judging, return_exceptions=True)
    failed = [verdict for verdict in verdicts if isinstance(verdict, BaseException)]
    if failed:
        raise failed[0]
    return {fault: list(each) for fault, each in zip(folders, verdicts, strict=True) if isinstance(each, list)}


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_the_kit_finds(fault: str, found: dict[str, list[Verdict]]):
    rule = FAULTS[fault][0]
    broken = {verdict.rule: verdict.why for verdict in found[fault] if verdict.state is State.BROKEN}
    assert rule in broken, found[fault]
    assert broken[rule]
