import pytest

from audio.progress import ProgressLines, part


def test_a_line_each_hundredth_and_never_backwards(capsys: pytest.CaptureFixture[str]):
    tell = ProgressLines()
    for share in (0, 0.004, 0.5, 0.505, 0.4, 0.52, 1.7):
        tell(share)
    assert capsys.readouterr().out == '{"progress": 0.5}\n{"progress": 0.52}\n{"progress": 1.0}\n'


def test_a_step_makes_up_its_stretch_of_the_whole():
    told: list[float] = []
    step = part(told.append, 0.2, 0.6)
    for share in (-1, 0, 0.5, 1, 9):
        step(share)
    assert told == pytest.approx([0.2, 0.2, 0.4, 0.6, 0.6])
