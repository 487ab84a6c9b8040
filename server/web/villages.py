"""A broadcast village by village: the best that is proved in each."""

from collections.abc import Sequence
from dataclasses import dataclass

from devices.models import ClusterKind, DeliveryState
from devices.views import DeliveryView
from server.web.page import Page
from server.web.signs import Sign, delivery_sign

_BEST_FIRST = (
    DeliveryState.PLAYING,
    DeliveryState.PAUSED,
    DeliveryState.PLAYED,
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
_NEWS = (
    DeliveryState.MISSED,
    DeliveryState.REJECTED,
    DeliveryState.ORDERED,
    DeliveryState.HAS_ORDER,
    DeliveryState.STORED,
    DeliveryState.INTERRUPTED,
)
"""Villages in these states come first."""


@dataclass(frozen=True, slots=True)
class Village:
    """A village, the best that is proved in it, and how many of its clusters are elsewhere."""

    name: str
    sign: Sign
    more: str


def by_village(page: Page, views: Sequence[DeliveryView]) -> list[Village]:
    """The villages, those that still wait first: they are what someone must act on."""
    found: dict[str, list[DeliveryView]] = {}
    for view in views:
        found.setdefault(view.village_id, []).append(view)
    return [_village(page, here) for here in sorted(found.values(), key=_urgency)]


def _village(page: Page, here: Sequence[DeliveryView]) -> Village:
    best = min(here, key=_proof)
    behind = sum(_step(view) > _step(best) for view in here)
    more = page.ngettext("%(num)d cluster not yet", "%(num)d clusters not yet", behind) if behind else ""
    return Village(best.village_name, delivery_sign(best.delivery.state, best.kind), more)


def _proof(view: DeliveryView) -> tuple[int, bool]:
    """The best comes first: people of a village hear it when one of its clusters sounds, surely so a smart one."""
    return _BEST_FIRST.index(view.delivery.state), view.kind is ClusterKind.WIRELESS


def _step(view: DeliveryView) -> int:
    """How far along: to have been transmitted to is as far as a wireless cluster can come."""
    state = view.delivery.state
    return _BEST_FIRST.index(DeliveryState.PLAYED if state is DeliveryState.TRANSMITTED else state)


def _urgency(here: Sequence[DeliveryView]) -> tuple[int, str]:
    state = min(here, key=_proof).delivery.state
    return _NEWS.index(state) if state in _NEWS else len(_NEWS), here[0].village_name
