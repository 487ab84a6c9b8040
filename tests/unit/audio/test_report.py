import json

from audio.checks import SoundWarning, WarningKind
from audio.report import Figures, Inspection
from audio.waveform import Waveform


def test_an_inspection_survives_its_way_between_processes():
    warnings = (SoundWarning(WarningKind.CLIPPING, ((0, 100), (300, 400))), SoundWarning(WarningKind.VERY_QUIET, ()))
    made = Inspection(Figures(-20.1, -3.2, 12_345, 0.51, 30.2), warnings, Waveform((-1, -128), (0, 127)))
    assert Inspection.from_map(json.loads(json.dumps(made.to_map()))) == made
