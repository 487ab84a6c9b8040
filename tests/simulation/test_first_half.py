"""The first half of the worlds."""

from tests.support.worlds import every_invariant_holds


def test_the_first_half_of_the_worlds_breaks_no_invariant() -> None:
    every_invariant_holds(0)
