"""Weeks of changes, pauses, crashes and clock steps on the real services: each airing once, for whom it is meant."""

import pytest

from tests.integration.schedules.conftest import Room
from tests.integration.schedules.weeks import Weeks


@pytest.mark.parametrize("seed", [3])
async def test_weeks_go_by_and_the_speakers_hold_what_is_planned_once(room: Room, seed: int):
    weeks = Weeks(room, seed)
    await weeks.live(21)
    assert len(weeks.heard) > 500
    assert {"edit", "pause", "end_pause", "undo", "crashed"} <= weeks.did.keys()
