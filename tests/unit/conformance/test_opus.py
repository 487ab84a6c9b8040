"""The contents of the kit are real: another program decodes them to silence of the length they claim."""

import io

import av
import numpy as np
import pytest

from audio.codec import RATE_HZ, decode_live
from conformance.opus import silence, stream_head, stream_page


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


def test_a_live_stream_is_a_steady_hum_or_silence_and_may_change_on_the_way():
    loud = [number < 20 for number in range(40)]
    pages = [stream_page(number, loud=each) for number, each in enumerate(loud)]
    pcm = np.concatenate(list(decode_live(io.BytesIO(stream_head() + b"".join(pages))))).astype(float)
    assert abs(len(pcm) - 4 * RATE_HZ) < RATE_HZ // 50
    tenths = [20 * np.log10(np.sqrt(np.mean(block**2)) / 32_768 + 1e-9) for block in np.array_split(pcm, 40)]
    assert min(tenths[1:19]) > -20
    assert max(tenths[22:]) < -80
