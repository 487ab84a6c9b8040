"""A plan's timeline has no holes, from any position."""

from hypothesis import given
from hypothesis import strategies as st

from devices.wire.content import Gap, Speech, Tone, Version
from devices.wire.orders import Repeat
from firmware_sim.plan import SoundPlan
from tests.unit.firmware_sim.rig import play, speech

PARTS = (Tone(((600, 600, 1_000, 0),), 2, 500), Gap(300), speech(duration_ms=4_000))


def _plan(count: int, gap_ms: int) -> SoundPlan:
    return SoundPlan.of(play(parts=PARTS, repeat=Repeat(count, gap_ms)), ("vi",))


@given(count=st.integers(1, 4), gap_ms=st.integers(0, 3_000), share=st.floats(0, 1))
def test_the_stretches_from_any_position_fill_the_rest(count: int, gap_ms: int, share: float):
    plan = _plan(count, gap_ms)
    assert plan.total_ms is not None
    position = int(plan.total_ms * share)
    stretches = list(plan.stretches(position))
    assert sum(stretch.length_ms for stretch in stretches) == plan.total_ms - position
    assert all(stretch.length_ms > 0 for stretch in stretches)


def test_the_first_stretch_begins_inside_its_piece():
    first, second, third = list(_plan(2, 1_000).stretches(3_000))[:3]
    assert (first.piece.start_ms, first.offset_ms, first.length_ms) == (2_800, 200, 3_800)
    assert (second.piece, second.length_ms) == (None, 1_000)
    assert third.piece.start_ms == 0


def test_one_without_end_goes_on():
    plan = _plan(0, 1_000)
    stretches = plan.stretches(10_000_000)
    assert plan.total_ms is None
    assert sum(next(stretches).length_ms for _ in range(400)) > 100_000


def test_a_listener_of_two_languages_hears_both():
    renditions = speech().versions[0].renditions
    both = Speech((Version("vi", renditions), Version("hmn", renditions)))
    plan = SoundPlan.of(play(parts=(both,)), ("hmn", "vi"))
    assert [piece.sound.language for piece in plan.pieces] == ["hmn", "vi"]
    assert plan.once_ms == 40_000
