"""A preview is what a speaker sounds, sample for sample: the speaker's own rendering is the measure."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from audio import codec
from audio.preview import LIMIT_MS, Piece, Recording, Silence, ToneSound, samples, skimmed_ms, write_preview
from audio.tones import TONES
from base.errors import Refused, Unavailable
from devices.wire.content import Gap, Part, Rendition, Speech, Tone, Version
from devices.wire.orders import Play
from firmware_sim.effects import Sound
from firmware_sim.plan import SoundPlan
from firmware_sim.render import Rendering

Pcm = NDArray[np.int16]
CHIME = tuple(tuple(segment) for segment in TONES["chime"].segments)
SIREN = Tone(((400, 800, 300, 1), (0, 0, 50, 0), (800, 400, 300, 1)), repeat=3, gap_ms=220)


@pytest.fixture(scope="module")
def opus(speech: Pcm, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The announcement as speakers store it."""
    out = tmp_path_factory.mktemp("opus") / "a.ogg"
    with out.open("wb") as file:
        codec.encode_opus(codec.pieces(speech), bitrate=16_000, out=file)
    return out


def version(duration_ms: int, size: int = 1) -> Version:
    return Version("vi", (Rendition(bytes(32), size, "opus16", duration_ms),))


def as_a_speaker_sounds(parts: tuple[Part, ...], path: Path) -> Pcm:
    play = Play(occurrence="o", start_ms=0, parts=parts)
    sound = Sound("main", "o", 1, SoundPlan.of(play, ("vi",)), 0, 100, emergency=False)
    return np.concatenate(list(Rendering(sound, lambda sha: path).chunks()))


@pytest.mark.parametrize("stated", ["exact", "shorter", "longer"])
def test_a_preview_is_what_the_speaker_sounds_sample_for_sample(speech: Pcm, opus: Path, stated: str):
    lasts_ms = {"exact": len(speech) // 16, "shorter": len(speech) // 16 - 1_234, "longer": len(speech) // 16 + 777}
    ms = lasts_ms[stated]
    speech_part = Speech((version(ms),))
    parts = (Tone(CHIME), Gap(500), speech_part, Gap(700), SIREN, Gap(33), speech_part)
    mine: list[Piece] = [
        ToneSound(CHIME),
        Silence(500),
        Recording(opus, ms),
        Silence(700),
        ToneSound(SIREN.segments, SIREN.repeat, SIREN.gap_ms),
        Silence(33),
        Recording(opus, ms),
    ]
    expected = as_a_speaker_sounds(parts, opus)
    assert np.array_equal(np.concatenate(list(samples(mine))), expected)
    assert len(expected) == sum(piece.duration_ms for piece in mine) * 16


def test_the_file_holds_exactly_those_samples(opus: Path, tmp_path: Path):
    pieces: list[Piece] = [ToneSound(CHIME), Silence(300), Recording(opus, 5_000)]
    write_preview(pieces, tmp_path / "a.flac")
    assert codec.probe(tmp_path / "a.flac").codec == "flac"
    assert np.array_equal(
        np.concatenate(list(codec.decode(tmp_path / "a.flac"))), np.concatenate(list(samples(pieces)))
    )


def test_the_same_preview_is_the_same_file(opus: Path, tmp_path: Path):
    for name in ("a", "b"):
        write_preview([ToneSound(CHIME), Recording(opus, 3_000)], tmp_path / name, horn=True)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_the_horn_takes_the_lows_away_and_keeps_the_length(opus: Path, tmp_path: Path):
    write_preview([Recording(opus, 8_000)], tmp_path / "plain")
    write_preview([Recording(opus, 8_000)], tmp_path / "horn", horn=True)
    plain, horn = (np.concatenate(list(codec.decode(tmp_path / name))) for name in ("plain", "horn"))
    assert len(plain) == len(horn) == 8_000 * 16

    def share_below_300_hz(pcm: Pcm) -> float:
        power = np.abs(np.fft.rfft(pcm.astype(float))) ** 2
        return float(power[: 300 * 8].sum() / power.sum())

    assert share_below_300_hz(horn) < share_below_300_hz(plain) / 5


def test_skimming_keeps_how_a_long_recording_begins_and_ends(speech: Pcm, opus: Path):
    long = Recording(opus, len(speech) // 16)
    assert long.duration_ms > 15_000
    whole, skimmed = (np.concatenate(list(samples([long], skim=skim))) for skim in (False, True))
    assert len(skimmed) == skimmed_ms(long.duration_ms) * 16 == 10_000 * 16
    assert np.array_equal(skimmed[: 5_000 * 16], whole[: 5_000 * 16])
    assert np.corrcoef(skimmed[-3_000 * 16 :], whole[-3_000 * 16 :])[0, 1] > 0.99
    middle = skimmed[5_990 * 16 : 6_010 * 16].astype(int)
    assert np.abs(middle).max() < np.abs(skimmed.astype(int)).max() / 5


def test_what_is_short_is_not_skimmed(opus: Path):
    pieces: list[Piece] = [ToneSound(CHIME), Silence(20_000), Recording(opus, 9_000)]
    assert np.array_equal(
        np.concatenate(list(samples(pieces, skim=True))), np.concatenate(list(samples(pieces, skim=False)))
    )


def test_more_than_two_hours_is_refused_before_anything_is_written(opus: Path, tmp_path: Path):
    with pytest.raises(Refused) as caught:
        write_preview([Silence(LIMIT_MS), Recording(opus, 1)], tmp_path / "a.flac")
    assert caught.value.code == "audio.preview_too_long"
    assert not (tmp_path / "a.flac").exists()


def test_what_is_too_long_to_be_heard_can_be_skimmed(opus: Path, tmp_path: Path):
    long: list[Piece] = [Recording(opus, LIMIT_MS - 1), Recording(opus, LIMIT_MS)]
    write_preview(long, tmp_path / "a.flac", skim=True)
    assert codec.probe(tmp_path / "a.flac").duration_ms == 20_000


def test_who_no_longer_wants_it_is_not_made_to_wait(opus: Path, tmp_path: Path):
    asked = 0

    def stopped() -> bool:
        nonlocal asked
        asked += 1
        return asked > 3

    write_preview([Silence(LIMIT_MS)], tmp_path / "a.flac", stopped=stopped)
    assert asked == 4


@pytest.mark.parametrize("content", [None, b"", b"no sound at all" * 99])
def test_a_recording_that_cannot_be_read_is_told_of(content: bytes | None, tmp_path: Path):
    path = tmp_path / "broken"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(Unavailable) as caught:
        write_preview([Recording(path, 1_000)], tmp_path / "a.flac")
    assert caught.value.code == "audio.content_unreadable"


_LONG = """
import resource, sys
from pathlib import Path
from audio.preview import Recording, Silence, ToneSound, write_preview
folder, opus = Path(sys.argv[1]), Path(sys.argv[2])
def lasts(repetitions):
    pieces = [Recording(opus, 15_000), Silence(700)] * repetitions
    write_preview(pieces, folder / "a.flac", horn=True)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
short = lasts(2)
print(lasts(172) - short)
"""


def test_forty_five_minutes_take_no_more_memory_than_a_minute(opus: Path, tmp_path: Path):
    done = subprocess.run(
        [sys.executable, "-c", _LONG, str(tmp_path), str(opus)], check=True, capture_output=True, text=True
    )
    more_kib = int(done.stdout)
    assert more_kib < 20_000, f"{more_kib} KiB more"
    assert codec.probe(tmp_path / "a.flac").duration_ms == 172 * 15_700
