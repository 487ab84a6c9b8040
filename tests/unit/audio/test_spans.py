import numpy as np
import pytest

from audio.spans import merged, runs


@pytest.mark.parametrize(
    ("spans", "joined"),
    [
        ([], ()),
        ([(0, 10), (10, 20)], ((0, 20),)),
        ([(0, 10), (15, 20), (26, 30)], ((0, 20), (26, 30))),
        ([(0, 50), (10, 20)], ((0, 50),)),
    ],
)
def test_spans_close_to_each_other_are_joined(spans: list[tuple[int, int]], joined: tuple[tuple[int, int], ...]):
    assert merged(spans, gap_ms=5) == joined


@pytest.mark.parametrize(
    ("mask", "expected"),
    [("", []), ("000", []), ("111", [[0, 3]]), ("0110100", [[1, 3], [4, 5]]), ("1001", [[0, 1], [3, 4]])],
)
def test_runs_are_where_a_mask_is_true(mask: str, expected: list[list[int]]):
    assert runs(np.array([character == "1" for character in mask], bool)).tolist() == expected
