import pytest

from base.errors import MESSAGES, Conflict, Forbidden, LoaError, NotFound, Refused, Unavailable


@pytest.mark.parametrize("kind", [Refused, NotFound, Conflict, Forbidden])
def test_what_is_refused_stays_refused(kind: type[LoaError]):
    assert kind.permanent
    assert issubclass(kind, Refused)


def test_what_failed_outside_may_succeed_later():
    assert not Unavailable.permanent
    assert not issubclass(Unavailable, Refused)


def test_an_error_reads_as_its_code_and_what_it_concerns():
    assert str(NotFound("devices.cluster_unknown", cluster="bn-s01", tries=2)) == (
        "devices.cluster_unknown (cluster=bn-s01, tries=2)"
    )
    assert str(Conflict("schedules.approved_already")) == "schedules.approved_already"


def test_a_parameter_may_have_any_name():
    assert Refused("a.b", code="x", self="y").params == {"code": "x", "self": "y"}


def test_every_text_names_only_what_the_error_carries():
    assert MESSAGES["base.broker_url"].format(url="x")
