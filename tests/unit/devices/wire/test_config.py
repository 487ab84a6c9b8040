import pytest

from devices.wire.config import SAVER_PCT, Config, Hours
from devices.wire.errors import BadMessage
from devices.wire.fields import Fields

PLAIN = Config(Hours((), 420))


def read(**changes: object) -> Config:
    return Config.from_fields(Fields(PLAIN.to_map() | changes, "config"))


def test_what_is_not_given_holds_as_documented():
    assert read() == PLAIN
    assert (PLAIN.saver_pct, PLAIN.online, PLAIN.exchange) == (SAVER_PCT, (), ())


def test_what_is_given_comes_back():
    config = Config(Hours(((0, 1_440),), 0), 50, 300, ("a",), ("b", "c"), (50, 50), ((0, 15), (720, 735)))
    assert Config.from_fields(Fields(config.to_map(), "config")) == config


@pytest.mark.parametrize(
    "changes",
    [
        {"saver": [15, 30]},
        {"saver": [101, 0]},
        {"saver": [30]},
        {"saver": [True, False]},
        {"online": [[10, 10]]},
        {"online": [[0, 1_441]]},
        {"online": [[0, 10]] * 17},
        {"exchange": ["x" * 201]},
        {"exchange": ["x"] * 9},
    ],
)
def test_what_is_outside_its_limits_is_refused(changes: dict[str, object]):
    with pytest.raises(BadMessage):
        read(**changes)
