"""The contents of the kit are real: another program decodes them to silence of the length they claim."""

import io

import av
import pytest

from conformance.opus import silence


@pytest.mark.parametrize(("duration_ms", "size"), [(20, 0), (600, 0), (6_000, 0), (500, 120_000), (500, 700_000)])
def test_a_content_of_any_size_decodes_to_silence(duration_ms: int, size: int):
    data = silence(duration_ms, size)
    with av.open(io.BytesIO(data)) as file:
        frames = list(file.decode(audio=0))
    samples = sum(frame.samples for frame in frames)
    assert samples * 1_000 // frames[0].sample_rate == duration_ms
    assert max(abs(frame.to_ndarray()).max() for frame in frames) < 0.01
    if size:
        assert abs(len(data) - size) < 0.03 * size


def test_no_two_contents_are_alike():
    assert len({silence(200) for _ in range(20)}) == 20
