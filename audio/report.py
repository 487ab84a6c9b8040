"""What is told of a sound: its figures, its warnings, its outline; carried as JSON between our processes (pure)."""

from typing import Any, NamedTuple

from audio.checks import SoundWarning, WarningKind
from audio.waveform import Waveform

SILENT_LUFS = -120.0
"""Stands for the loudness of nothing at all, which JSON has no number for."""


class Figures(NamedTuple):
    """What a sound measures. `clarity` is 0 to 1; what it and speech-to-noise estimate says `audio.clarity`."""

    lufs: float
    true_peak_dbtp: float
    duration_ms: int
    clarity: float
    speech_to_noise_db: float


class Inspection(NamedTuple):
    """What was found in a file while it was decoded."""

    figures: Figures
    warnings: tuple[SoundWarning, ...]
    waveform: Waveform

    def to_map(self) -> dict[str, Any]:
        """As JSON can carry it."""
        return {
            "figures": self.figures._asdict(),
            "warnings": [{"kind": kind.value, "spans": spans} for kind, spans in self.warnings],
            "waveform": self.waveform._asdict(),
        }

    @classmethod
    def from_map(cls, value: dict[str, Any]) -> "Inspection":
        """What `to_map` made, after JSON."""
        warnings = (
            SoundWarning(WarningKind(each["kind"]), tuple((start, end) for start, end in each["spans"]))
            for each in value["warnings"]
        )
        outline = value["waveform"]
        waveform = Waveform(tuple(outline["lowest"]), tuple(outline["highest"]))
        return cls(Figures(**value["figures"]), tuple(warnings), waveform)


class SoundReport(NamedTuple):
    """A sound before and after mastering."""

    before: Inspection
    after: Figures

    def to_map(self) -> dict[str, Any]:
        """As JSON can carry it."""
        return {"before": self.before.to_map(), "after": self.after._asdict()}

    @classmethod
    def from_map(cls, value: dict[str, Any]) -> "SoundReport":
        """What `to_map` made, after JSON."""
        return cls(Inspection.from_map(value["before"]), Figures(**value["after"]))
