"""The plan becomes equal to the rule, and stays when it already is."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from schedules.models import OccurrenceState as State
from schedules.planner import SLACK, differences, is_short

START = datetime(2026, 3, 10, 22, tzinfo=UTC)
MOMENTS = [START + timedelta(days=day) for day in range(6)]


def test_what_is_missing_is_added_and_what_is_called_off_stays_away():
    present = {MOMENTS[0]: State.ISSUED, MOMENTS[1]: State.CANCELLED}
    found = differences(present, MOMENTS[:4])
    assert found.add == (MOMENTS[2], MOMENTS[3])
    assert found.drop == ()


def test_only_what_is_still_planned_is_dropped():
    present = dict(zip(MOMENTS, (State.PLANNED, State.ISSUED, State.CANCELLED, State.OVER), strict=False))
    assert differences(present, []).drop == (MOMENTS[0],)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from(MOMENTS), st.sampled_from(State)), st.sets(st.sampled_from(MOMENTS)))
def test_carried_out_once_nothing_is_left_to_do(present: dict[datetime, State], wanted: set[datetime]):
    found = differences(present, wanted)
    after = present | dict.fromkeys(found.add, State.PLANNED) | dict.fromkeys(found.drop, State.CANCELLED)
    again = differences(after, wanted)
    assert (again.add, again.drop) == ((), ())
    assert set(wanted) <= after.keys()
    assert not any(state is State.PLANNED and at not in wanted for at, state in after.items())


def test_a_plan_a_little_short_of_the_horizon_is_left_alone():
    assert is_short(None, START)
    assert is_short(START - SLACK - timedelta(seconds=1), START)
    assert not is_short(START - SLACK, START)
