from datetime import timedelta
from typing import Any

from devices.quietlog import QuietLog
from tests.support.speakers import TestClock


class Listener:
    def __init__(self) -> None:
        self.heard = []

    def warning(self, event: str, **values: Any) -> None:
        self.heard.append((event, values))


def test_repeated_warnings_are_counted_and_told_once_a_period() -> None:
    listener, clock = Listener(), TestClock()
    quiet = QuietLog(listener, clock, timedelta(minutes=1))
    for _ in range(5):
        quiet.warning("refused", "d", kind="hello", reason="malformed")
    quiet.warning("refused", "d", kind="hello", reason="foreign")
    assert [values["reason"] for _, values in listener.heard] == ["malformed", "foreign"]
    clock.forward(seconds=61)
    quiet.warning("refused", "d", kind="hello", reason="malformed")
    assert listener.heard[-1][1]["kept_back"] == 4
