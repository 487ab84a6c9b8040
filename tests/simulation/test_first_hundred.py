"""The first hundred worlds."""

from tests.support.worlds import every_invariant_holds


def test_the_first_hundred_worlds_of_three_days_break_no_invariant() -> None:
    every_invariant_holds(0)
