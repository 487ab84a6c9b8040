"""How each kind of sound is shaped before it is levelled: the table of mastering profiles (pure)."""

from typing import NamedTuple

Filter = tuple[str, str]
"""An FFmpeg filter's name and arguments."""


class Profile(NamedTuple):
    """How one kind of sound is shaped, and how loud it becomes."""

    band: tuple[Filter, ...]
    dynamics: tuple[Filter, ...]
    target_lufs: float


PROFILES: dict[str, Profile] = {
    # Two poles, not four: measured on Vietnamese speech in speech noise, ESTOI .42/.61/.74 against .39/.56/.67.
    "voice": Profile(
        band=(("highpass", "f=300:p=2"), ("lowpass", "f=5000:p=2")),
        dynamics=(("acompressor", "threshold=-24dB:ratio=4:attack=5:release=80:knee=3:makeup=1"),),
        target_lufs=-14.0,
    ),
    # The band ends where 16 kHz end, at 8 kHz. Under 80 Hz no loudspeaker of ours gives sound, but it takes power.
    "music": Profile(
        band=(("highpass", "f=80:p=2"),),
        dynamics=(("acompressor", "threshold=-24dB:ratio=1.6:attack=30:release=300:knee=6:makeup=1"),),
        target_lufs=-16.0,
    ),
    # What another station has already mastered: only its level is held while speech and music take turns.
    "relay": Profile(
        band=(("highpass", "f=80:p=2"),),
        dynamics=(("acompressor", "threshold=-22dB:ratio=2:attack=15:release=250:knee=6:makeup=1"),),
        target_lufs=-14.0,
    ),
}
