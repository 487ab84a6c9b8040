"""What a state looks like: symbol, word and tone that say the same thing (pure)."""

from dataclasses import dataclass

from devices.contacts import Reach
from devices.couriers.states import BundleState
from devices.models import ClusterKind, DeliveryState, Presence
from schedules.models import AnnouncementState, EmergencyState, Occurrence, OccurrenceState
from schedules.repository.timetable import OccurrenceRow
from server.auth.models import Role
from server.i18n.catalogue import N_


@dataclass(frozen=True, slots=True)
class Sign:
    """A symbol, its word (English; the page translates it), and the tone that picks its colour."""

    symbol: str
    word: str
    tone: str


PRESENCE = {
    Presence.ONLINE: Sign("●", N_("good"), "ok"),
    Presence.LATE: Sign("▲", N_("slow"), "late"),
    Presence.LOST: Sign("■", N_("lost"), "bad"),
    Presence.QUIET: Sign("◌", N_("planned silence"), "plan"),
    Presence.NEVER: Sign("○", N_("never heard from"), "off"),
}

INFERRED = {
    Presence.ONLINE: Sign("◐", N_("inferred: its gateway is good"), "air"),
    Presence.LATE: Sign("▲", N_("inferred: its gateway is slow"), "late"),
    Presence.LOST: Sign("■", N_("inferred: its gateway is lost"), "bad"),
    Presence.QUIET: Sign("◌", N_("inferred: its gateway is silent as planned"), "plan"),
    Presence.NEVER: Sign("○", N_("inferred: its gateway was never heard from"), "off"),
}
"""All that is known of a wireless cluster that cannot answer: how its gateway is."""

RECEIVER = {
    "answered": Sign("●", N_("answered its last call"), "ok"),
    "silent": Sign("▲", N_("did not answer its last call"), "late"),
    "no_transmitter": Sign("■", N_("its gateway cannot transmit"), "bad"),
}
"""What a gateway knows of a wireless cluster, as long as the gateway itself is heard."""

DELIVERY = {
    DeliveryState.ORDERED: Sign("◌", N_("ordered"), "plan"),
    DeliveryState.HAS_ORDER: Sign("○", N_("has the order"), "plan"),
    DeliveryState.STORED: Sign("◉", N_("stored"), "plan"),
    DeliveryState.PLAYING: Sign("▶", N_("playing"), "play"),
    DeliveryState.PAUSED: Sign("‖", N_("gave way, will go on"), "play"),
    DeliveryState.PLAYED: Sign("✓", N_("played"), "ok"),
    DeliveryState.TRANSMITTED: Sign("◐", N_("transmitted"), "air"),
    DeliveryState.REJECTED: Sign("✕", N_("rejected by the speaker"), "bad"),
    DeliveryState.MISSED: Sign("✕", N_("missed"), "bad"),
    DeliveryState.PREEMPTED: Sign("✕", N_("dropped for something more urgent"), "late"),
    DeliveryState.CANCELLED: Sign("–", N_("cancelled"), "off"),
    DeliveryState.INTERRUPTED: Sign("▲", N_("broken off"), "late"),
}
"""How far an airing is proved in a cluster. A wireless cluster is transmitted to, never shown as having played."""

ON_AIR = {
    DeliveryState.PLAYING: Sign("◐", N_("being transmitted"), "air"),
    DeliveryState.PAUSED: Sign("◐", N_("transmission gave way"), "air"),
    DeliveryState.PLAYED: DELIVERY[DeliveryState.TRANSMITTED],
}
"""What its gateway says of a wireless cluster is about the transmission only."""

DELIVERY_ORDER = (
    DeliveryState.PLAYED,
    DeliveryState.PLAYING,
    DeliveryState.PAUSED,
    DeliveryState.TRANSMITTED,
    DeliveryState.STORED,
    DeliveryState.HAS_ORDER,
    DeliveryState.ORDERED,
    DeliveryState.INTERRUPTED,
    DeliveryState.PREEMPTED,
    DeliveryState.CANCELLED,
    DeliveryState.MISSED,
    DeliveryState.REJECTED,
)
"""From the best proof to the worst news: the order of bars and legends."""

FAILED = frozenset({DeliveryState.MISSED, DeliveryState.REJECTED, DeliveryState.INTERRUPTED})

ANNOUNCEMENT = {
    AnnouncementState.DRAFT: Sign("○", N_("draft"), "off"),
    AnnouncementState.SUBMITTED: Sign("◌", N_("waiting for approval"), "plan"),
    AnnouncementState.RETURNED: Sign("▲", N_("sent back"), "late"),
    AnnouncementState.APPROVED: Sign("✓", N_("approved"), "ok"),
    AnnouncementState.ARCHIVED: Sign("–", N_("archived"), "off"),
}

OCCURRENCE = {
    OccurrenceState.PLANNED: Sign("○", N_("planned"), "plan"),
    OccurrenceState.ISSUED: Sign("◌", N_("order sent"), "plan"),
    OccurrenceState.CANCELLED: Sign("–", N_("cancelled"), "off"),
    OccurrenceState.OVER: Sign("●", N_("over"), "off"),
}

EMERGENCY = {
    EmergencyState.SOUNDING: Sign("▶", N_("in force"), "bad"),
    EmergencyState.STOPPED: Sign("■", N_("stopped"), "off"),
    EmergencyState.CLEARED: Sign("✓", N_("all clear given"), "ok"),
    EmergencyState.EXPIRED: Sign("–", N_("expired"), "off"),
}

BUNDLE = {
    BundleState.PREPARED: Sign("○", N_("prepared"), "plan"),
    BundleState.CARRIED: Sign("◌", N_("on its way"), "plan"),
    BundleState.HANDED_OVER: Sign("◉", N_("handed over"), "play"),
    BundleState.PLAYED: Sign("✓", N_("played"), "ok"),
    BundleState.EXPIRED: Sign("✕", N_("expired"), "late"),
}

REACH = {
    Reach.ONLINE: Sign("●", N_("always online"), "ok"),
    Reach.WINDOW: Sign("◌", N_("contact hours"), "plan"),
    Reach.COURIER: Sign("○", N_("only by courier"), "off"),
}

STEPS = {
    "create": N_("wrote it"),
    "edit": N_("changed it"),
    "submit": N_("asked for approval"),
    "approve": N_("approved it"),
    "send_back": N_("sent it back"),
    "archive": N_("archived it"),
}
"""What a step of the approval trail says after a person's name."""

CLASSES = {0: N_("background"), 1: N_("normal"), 2: N_("priority"), 3: N_("emergency")}
LEVELS = {1: N_("commune"), 2: N_("province"), 3: N_("country")}
KINDS = {ClusterKind.SMART: N_("smart"), ClusterKind.WIRELESS: N_("wireless")}
ROLES = {
    Role.OPERATOR: N_("operator"),
    Role.APPROVER: N_("approver"),
    Role.TECHNICIAN: N_("technician"),
    Role.COURIER: N_("village digital team"),
    Role.EMERGENCY: N_("emergency staff"),
    Role.ADMINISTRATOR: N_("administrator"),
}
LANGUAGES = {
    "vi": N_("Vietnamese"),
    "hmn": N_("Hmong"),
    "tyz": N_("Tày"),
    "nut": N_("Nùng"),
    "ium": N_("Dao"),
    "blt": N_("Black Thái"),
    "twh": N_("White Thái"),
    "en": N_("English"),
}
"""Languages a sound may be in: Vietnamese, those of the north-western villages, English. ISO 639."""
_LANGUAGES_BEFORE = {"tha": N_("Thái")}
"""No longer offered, because it is the code of Thailand's language; sounds and villages may still have it."""
LINKS = {"4g": "4G", "3g": "3G", "2g": "2G", "fibre": N_("fibre"), "wifi": "Wi-Fi", "ethernet": "Ethernet"}
POWERS = {
    "grid": N_("mains"),
    "mains": N_("mains"),
    "solar": N_("solar"),
    "battery": N_("battery"),
}


def language_word(code: str) -> str:
    """A language's name in English, which the page translates; an unknown one is its code."""
    return LANGUAGES.get(code) or _LANGUAGES_BEFORE.get(code, code)


def presence_sign(presence: Presence, *, inferred: bool, receiver: str | None = None) -> Sign:
    """The sign of a cluster's presence; `inferred` from its gateway's, unless that knows more of the receiver."""
    if not inferred:
        return PRESENCE[presence]
    heard = presence in {Presence.ONLINE, Presence.LATE}
    return RECEIVER.get(receiver or "", INFERRED[presence]) if heard else INFERRED[presence]


def delivery_sign(state: DeliveryState, kind: ClusterKind) -> Sign:
    """The sign of a delivery in a cluster of that kind."""
    return ON_AIR.get(state, DELIVERY[state]) if kind is ClusterKind.WIRELESS else DELIVERY[state]


def occurrence_sign(occurrence: Occurrence | OccurrenceRow, *, sounding: bool, settled: bool) -> Sign:
    """The sign of an occurrence. By receipts: `sounding` somewhere, `settled` everywhere."""
    if occurrence.state is OccurrenceState.CANCELLED:
        return OCCURRENCE[occurrence.state]
    if sounding:
        return Sign("▶", N_("playing"), "play")
    return OCCURRENCE[OccurrenceState.OVER if settled else occurrence.state]
