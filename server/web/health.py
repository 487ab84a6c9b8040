"""What a cluster's last heartbeat says, in words."""

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta

from devices.models import DeviceState, Presence
from devices.views import ClusterView
from devices.wakeplan import next_awake
from devices.wire.reports import ClockState
from server.i18n import formats
from server.i18n.catalogue import N_
from server.web.page import Page
from server.web.signs import LINKS, POWERS

FAULTS = {
    "amplifier": N_("amplifier fault"),
    "speaker": N_("loudspeaker line fault"),
    "speaker_open": N_("loudspeaker line open"),
    "speaker_short": N_("loudspeaker line shorted"),
    "storage": N_("storage fault"),
    "storage_full": N_("storage full"),
    "clock": N_("clock fault"),
    "temperature": N_("too hot"),
    "battery": N_("battery weak"),
    "power": N_("mains failed"),
    "transmitter": N_("transmitter fault"),
    "battery_low": N_("battery low: only priority and emergency are played"),
    "battery_critical": N_("battery nearly empty: only emergencies are played"),
    "flash_rebuilt": N_("its memory was damaged and was rebuilt"),
    "key_old": N_("a key it obeys is past its time"),
}
CLOCKS = {
    ClockState.SYNCED.value: N_("set by the network"),
    ClockState.DRIFTING.value: N_("kept since it was last set"),
    ClockState.UNSET.value: N_("not set"),
}
MIB = 1024


def fault_words(page: Page, codes: Iterable[str]) -> str:
    """Faults in words; one nobody listed is shown as it came."""
    return ", ".join(page.gettext(FAULTS.get(code, code)) for code in codes)


def facts(page: Page, view: ClusterView) -> list[tuple[str, str]]:
    """What is known of a smart cluster now, label and value; nothing is made up for what it did not send."""
    state = view.state
    if state is None or view.inferred:
        return []
    found = (
        (N_("Last heard"), state.heard_at and page.clock(state.heard_at, seconds=True)),
        (N_("Link"), _link(page, state)),
        (N_("Hours of its link"), _wake(page, state)),
        (N_("Silent as planned until"), _quiet(page, state)),
        (N_("Power"), _power(page, state)),
        (N_("Volume"), _with_unit(state.volume, "%")),
        (N_("Temperature"), _with_unit(state.temperature_c, "°C")),
        (N_("Storage free"), _storage(page, state)),
        (N_("Clock"), _clock(page, state)),
        (N_("Running for"), _uptime(page, state)),
    )
    return [(page.gettext(label), value) for label, value in found if value]


def _link(page: Page, state: DeviceState) -> str:
    link = page.gettext(LINKS.get(state.link or "", state.link or ""))
    carrier = page.gettext(N_("by HTTP")) if state.carrier == "http" else ""
    return " · ".join(part for part in (link, _with_unit(state.signal_dbm, "dBm"), carrier) if part)


def _wake(page: Page, state: DeviceState) -> str:
    """Its own plan, on the commune's clock."""
    midnight = datetime.combine(page.now.astimezone(UTC).date(), time(), UTC)
    edges = [[midnight + timedelta(minutes=minute) for minute in span] for span in state.wake or ()]
    return ", ".join(f"{page.clock(begin)}–{page.clock(end)}" for begin, end in edges)


def _quiet(page: Page, state: DeviceState) -> str:
    """When it is to be heard again, while it is silent as planned."""
    if state.presence is not Presence.QUIET:
        return ""
    until = state.quiet_until
    if until is None or until <= page.now:
        until = next_awake(state.wake, page.now).begin if state.wake else None
    return "" if until is None else page.moment(until)


def _power(page: Page, state: DeviceState) -> str:
    power = page.gettext(POWERS.get(state.power or "", state.power or ""))
    return " · ".join(part for part in (power, _with_unit(state.battery_pct, "%")) if part)


def _storage(page: Page, state: DeviceState) -> str:
    if state.storage_free_kib is None or state.storage_total_kib is None:
        return ""
    free, total = (formats.number(kib / MIB, page.locale) for kib in (state.storage_free_kib, state.storage_total_kib))
    return f"{free} / {total} MB"


def _clock(page: Page, state: DeviceState) -> str:
    if state.clock_state is None:
        return ""
    words = page.gettext(CLOCKS.get(state.clock_state, state.clock_state))
    return (
        words if state.clock_bound_ms is None else f"{words} · ±{formats.number(state.clock_bound_ms, page.locale)} ms"
    )


def _uptime(page: Page, state: DeviceState) -> str:
    if state.uptime_s is None:
        return ""
    hours = state.uptime_s // 3600
    if hours < 1:
        return page.ngettext("%(num)d minute", "%(num)d minutes", state.uptime_s // 60)
    if hours < 48:
        return page.ngettext("%(num)d hour", "%(num)d hours", hours)
    return page.ngettext("%(num)d day", "%(num)d days", hours // 24)


def _with_unit(value: int | None, unit: str) -> str:
    return "" if value is None else f"{value} {unit}"
