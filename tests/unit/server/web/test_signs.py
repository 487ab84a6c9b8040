from collections.abc import Mapping
from enum import StrEnum

import pytest

from devices.models import ClusterKind, DeliveryState, Presence
from schedules.approval import Action
from schedules.models import AnnouncementState, EmergencyState, OccurrenceState
from server.auth.models import Role
from server.i18n.catalogue import translations
from server.web import signs


@pytest.mark.parametrize(
    ("table", "members"),
    [
        (signs.PRESENCE, Presence),
        (signs.INFERRED, Presence),
        (signs.DELIVERY, DeliveryState),
        (signs.ANNOUNCEMENT, AnnouncementState),
        (signs.OCCURRENCE, OccurrenceState),
        (signs.EMERGENCY, EmergencyState),
        (signs.ROLES, Role),
        (signs.STEPS, Action),
        (signs.KINDS, ClusterKind),
    ],
)
def test_every_state_there_is_has_its_sign_or_word(table: Mapping[str, object], members: type[StrEnum]):
    assert set(table) == set(members)
    assert set(signs.DELIVERY_ORDER) == set(DeliveryState)


def test_no_two_states_of_a_delivery_read_the_same():
    vi = translations("vi")
    words = [vi.gettext(sign.word) for sign in signs.DELIVERY.values()]

    assert len(set(words)) == len(words)


def test_what_was_played_and_what_was_sent_are_different_words_in_vietnamese():
    vi = translations("vi")

    assert vi.gettext(signs.DELIVERY[DeliveryState.PLAYED].word) == "đã phát"
    assert vi.gettext(signs.DELIVERY[DeliveryState.TRANSMITTED].word) == "đã phát sóng"


@pytest.mark.parametrize(
    ("presence", "receiver", "word"),
    [
        (Presence.ONLINE, "answered", "answered its last call"),
        (Presence.ONLINE, "silent", "did not answer its last call"),
        (Presence.LATE, "no_transmitter", "its gateway cannot transmit"),
        (Presence.ONLINE, "assumed", "inferred: its gateway is good"),
        (Presence.ONLINE, None, "inferred: its gateway is good"),
        (Presence.LOST, "answered", "inferred: its gateway is lost"),
    ],
)
def test_a_wireless_cluster_shows_its_own_answer_or_that_its_state_is_inferred(
    presence: Presence, receiver: str | None, word: str
):
    assert signs.presence_sign(presence, inferred=True, receiver=receiver).word == word


def test_what_is_inferred_says_so_in_vietnamese():
    vi = translations("vi")
    assert all(vi.gettext(sign.word).startswith("suy ra: ") for sign in signs.INFERRED.values())
    assert not any(vi.gettext(sign.word).startswith("suy ra") for sign in signs.RECEIVER.values())
