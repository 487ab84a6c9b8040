"""The meters our own is held against."""

import av
import numpy as np

from audio.codec import RATE_HZ, Pcm


def ffmpeg_meter(pcm: Pcm) -> tuple[float, float]:
    """(LUFS, dBTP) as FFmpeg's ebur128 filter says at the end."""
    graph = av.filter.Graph()
    source = graph.add_abuffer(format="s16", sample_rate=RATE_HZ, layout="mono")
    meter = graph.add("ebur128", "metadata=1:peak=true")
    graph.link_nodes(source, meter, graph.add("abuffersink")).configure()
    # It measures whole tenths of a second only.
    padded = np.concatenate((pcm, np.zeros(-len(pcm) % 1600, np.int16)))
    frame = av.AudioFrame.from_ndarray(padded.reshape(1, -1), format="s16", layout="mono")
    frame.sample_rate = RATE_HZ
    graph.push(frame)
    graph.push(None)
    lufs, peak = -np.inf, 0.0
    while True:
        try:
            measured = graph.pull().metadata
        except (av.EOFError, av.BlockingIOError):
            return lufs, 20 * np.log10(peak)
        lufs = float(measured["lavfi.r128.I"])
        peak = max(peak, float(measured["lavfi.r128.true_peaks_ch0"]))
