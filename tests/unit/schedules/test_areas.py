"""Who lies in a drawn area."""

from math import cos, pi, sin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from base.errors import Refused
from schedules.areas import MAX_POINTS, Area, Point, bounds, read_area, read_point

SQUARE = Area((Point(22, 104), Point(22, 105), Point(23, 105), Point(23, 104)))
degrees = st.floats(-60, 60, allow_nan=False).map(lambda value: round(value, 4))


def polygon(lat: float, lon: float, radius: float, corners: int) -> Area:
    turns = [2 * pi * n / corners for n in range(corners)]
    return Area(tuple(Point(lat + radius * sin(turn), lon + radius * cos(turn)) for turn in turns))


@given(degrees, degrees)
def test_a_square_holds_what_lies_between_its_sides(lat: float, lon: float) -> None:
    assert SQUARE.contains(Point(lat, lon)) == (22 <= lat <= 23 and 104 <= lon <= 105)


@given(st.tuples(degrees, degrees), st.floats(0.1, 5), st.integers(12, 60), st.floats(0, 2 * pi), st.floats(0, 2))
def test_a_ring_holds_what_is_nearer_than_its_sides_and_not_what_is_beyond_its_corners(
    middle: tuple[float, float], radius: float, corners: int, turn: float, far: float
) -> None:
    lat, lon = middle
    at = Point(lat + far * radius * sin(turn), lon + far * radius * cos(turn))
    if far < cos(pi / corners) * 0.999:
        assert polygon(lat, lon, radius, corners).contains(at)
    elif far > 1.001:
        assert not polygon(lat, lon, radius, corners).contains(at)


@given(st.lists(st.tuples(degrees, degrees), min_size=3, max_size=12, unique=True), degrees, degrees)
def test_where_the_line_begins_and_which_way_it_goes_does_not_matter(
    corners: list[tuple[float, float]], lat: float, lon: float
) -> None:
    points, at = tuple(Point(*each) for each in corners), Point(lat, lon)
    inside = Area(points).contains(at)
    assert Area(points[::-1]).contains(at) == inside
    assert Area((*points[2:], *points[:2])).contains(at) == inside


@given(st.lists(st.tuples(degrees, degrees), min_size=3, max_size=12, unique=True))
def test_corners_lie_within_and_the_written_area_is_the_same(corners: list[tuple[float, float]]) -> None:
    area = Area(tuple(Point(*each) for each in corners))
    assert all(area.contains(point) for point in area.points)
    assert read_area("\n".join(f"{point.lat}, {point.lon}" for point in area.points)) == area
    low, high = bounds(area.points) or (None, None)
    assert low is not None
    assert high is not None
    assert not area.contains(Point(low.lat - 1, low.lon))


def test_a_dent_is_outside() -> None:
    dented = read_area("22, 104; 22, 106; 24, 106; 23, 105; 24, 104")
    assert dented.within({"left": Point(23.2, 104.2), "dent": Point(23.6, 105), "low": Point(22.5, 105)}) == {
        "left",
        "low",
    }


@pytest.mark.parametrize(
    "text",
    ["", "22, 104", "22, 104; 22, 104; 22, 104", "a, b; c, d; e, f", "91, 0; 1, 1; 2, 3", "nan, 1; 1, inf; 2, 2",
     "22; 104; 23", "22, 104, 5; 1, 1; 2, 3", "1e999, 0; 1, 1; 2, 3",
     "; ".join(f"{n / 10}, {n * n / 1000}" for n in range(MAX_POINTS + 1)), "9" * 100_000],
)  # fmt: skip
def test_what_is_no_area_is_refused(text: str) -> None:
    with pytest.raises(Refused, match=r"area_wrong|point_wrong"):
        read_area(text)


def test_a_point_is_two_numbers_on_earth_and_nothing_has_no_bounds() -> None:
    assert read_point(" 22.5 ,104") == Point(22.5, 104)
    assert bounds([]) is None
