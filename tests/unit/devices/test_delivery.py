from datetime import UTC, datetime
from functools import reduce
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from base.ids import new_id
from base.times import from_ms
from devices.delivery import Proof, fold, has_order
from devices.models import DeliveryState
from devices.wire.reports import Receipt, ReceiptState

ORDER, OCCURRENCE = new_id(), new_id()
S = ReceiptState
NOON = datetime(2026, 1, 1, tzinfo=UTC)


def said(
    state: ReceiptState, n: int, *, at_ms: int = 0, sounded_ms: int = 0, bound_ms: int = 5, reason: str = ""
) -> Receipt:
    at_ms = at_ms or 1_000 * n
    return Receipt("s1", n, bytes(32), 1, ORDER, OCCURRENCE, ("s1",), state, at_ms, bound_ms, sounded_ms, reason)


def fold_all(receipts: list[Receipt], *, wireless: bool = False, start: Proof | None = None) -> Proof:
    return reduce(lambda proof, receipt: fold(proof, receipt, wireless=wireless), receipts, start or Proof())


def test_a_whole_airing_is_told_step_by_step() -> None:
    story = [said(S.STORED, 1), said(S.STARTED, 2), said(S.PAUSED, 3, sounded_ms=700, reason="emergency")]
    proof = fold_all(story)
    assert (proof.state, proof.sounded_ms, proof.reason) == (DeliveryState.PAUSED, 700, "emergency")
    proof = fold_all([said(S.RESUMED, 4, sounded_ms=700), said(S.PLAYED, 5, sounded_ms=5000)], start=proof)
    assert proof.state is DeliveryState.PLAYED
    assert proof.final
    assert (proof.stored_at, proof.started_at, proof.finished_at) == (from_ms(1000), from_ms(2000), from_ms(5000))
    assert (proof.start_bound_ms, proof.sounded_ms, proof.reason) == (5, 5000, "")


def test_a_pause_that_arrives_after_its_resume_changes_nothing() -> None:
    proof = fold_all([said(S.STARTED, 1), said(S.RESUMED, 3), said(S.PAUSED, 2)])
    assert proof.state is DeliveryState.PLAYING


def test_a_step_never_replaces_a_final_state() -> None:
    final = fold_all([said(S.PLAYED, 4)])
    assert (
        fold_all([said(S.STARTED, 2), said(S.PAUSED, 9), said(S.STORED, 1)], start=final).state is DeliveryState.PLAYED
    )
    assert has_order(final, NOON).state is DeliveryState.PLAYED


def test_a_wireless_cluster_is_transmitted_to_and_never_played() -> None:
    assert fold_all([said(S.PLAYED, 1)], wireless=True).state is DeliveryState.TRANSMITTED
    assert fold_all([said(S.TRANSMITTED, 1)], wireless=True).state is DeliveryState.TRANSMITTED


@pytest.mark.parametrize("weaker", [S.REJECTED, S.MISSED, S.CANCELLED, S.PREEMPTED, S.INTERRUPTED])
def test_of_two_finals_the_one_that_proves_more_stands(weaker: ReceiptState) -> None:
    for story in ([said(weaker, 1), said(S.PLAYED, 2)], [said(S.PLAYED, 2), said(weaker, 1)]):
        assert fold_all(story).state is DeliveryState.PLAYED


def test_holding_the_order_is_noted_once_and_never_takes_back_more() -> None:
    proof = has_order(Proof(), NOON)
    assert (proof.state, proof.has_order_at) == (DeliveryState.HAS_ORDER, NOON)
    assert has_order(proof, from_ms(5)) == proof
    stored = has_order(fold_all([said(S.STORED, 1)]), NOON)
    assert (stored.state, stored.has_order_at) == (DeliveryState.STORED, NOON)


RECEIPTS = st.lists(
    st.builds(
        said,
        st.sampled_from(ReceiptState),
        st.integers(1, 6),
        at_ms=st.integers(1, 9),
        sounded_ms=st.integers(0, 3),
        bound_ms=st.integers(0, 2),
        reason=st.sampled_from(["", "power", "late"]),
    ),
    max_size=8,
    # A device gives each number once.
    unique_by=lambda receipt: receipt.n,
)


@settings(max_examples=200)
@given(RECEIPTS, st.randoms(use_true_random=False), st.booleans())
def test_any_order_and_any_repetition_of_receipts_gives_the_same_proof(
    receipts: list[Receipt], random: Random, wireless: bool
) -> None:
    shuffled = receipts + random.choices(receipts, k=3) if receipts else []
    random.shuffle(shuffled)
    assert fold_all(shuffled, wireless=wireless) == fold_all(receipts, wireless=wireless)


@given(RECEIPTS, st.integers(0, 8))
def test_haves_may_come_anywhere_between_the_receipts(receipts: list[Receipt], index: int) -> None:
    early = has_order(fold_all(receipts[:index]), NOON)
    assert fold_all(receipts[index:], start=early) == has_order(fold_all(receipts), NOON)


@given(RECEIPTS)
def test_a_wireless_cluster_never_becomes_played(receipts: list[Receipt]) -> None:
    assert fold_all(receipts, wireless=True).state is not DeliveryState.PLAYED


@pytest.mark.parametrize("stated", [S.REJECTED, S.MISSED, S.CANCELLED, S.PREEMPTED, S.INTERRUPTED, S.PLAYED])
def test_what_a_device_stated_before_it_lost_its_flash_stands(stated: ReceiptState) -> None:
    known, lost = said(stated, 4, reason="x"), said(S.INTERRUPTED, 300, reason="flash_lost")
    for story in ([known, lost], [lost, known]):
        proof = fold_all(story)
        assert (proof.state.value, proof.reason) == (stated.value, "x")
    assert fold_all([lost]).state is DeliveryState.INTERRUPTED
