"""What must hold two minutes after the last fault: everybody has everything, and the server shows what is true."""

from collections.abc import Iterable
from typing import NamedTuple

from simulation import town
from simulation.issued import Issued
from simulation.judge import Judge, Verdicts
from simulation.template import BORN_MS
from simulation.truth import DeviceTruth, Truth
from simulation.virtual_loop import VirtualLoop

SHOWN_WITHIN_MS = 100_000
AGREE_WITHIN_MS = 120_000
ON_THE_WAY_MS = 10_000
"""What happened just now may still be under way."""
FINAL = ("played", "transmitted", "rejected", "missed", "preempted", "cancelled", "interrupted")
_SOUNDED = ("playing", "paused", "played", "transmitted", "preempted")
CLAIM_SLACK_MS = 1_500
"""How much more a receipt may state than was heard: a mark is as coarse as a wake-up."""


class _Shown(NamedTuple):
    """A delivery as the server shows it."""

    state: str
    sounded_ms: int
    wireless: bool


class Settling:
    """Looks at the server's database beside the truth."""

    def __init__(self, loop: VirtualLoop, truth: Truth, judge: Judge, verdicts: Verdicts) -> None:
        self._loop, self._truth, self._judge, self._verdicts = loop, truth, judge, verdicts

    def judge(self, reachable: Iterable[str]) -> None:
        """Two minutes after the last fault. reachable: devices that nothing has kept from the server since."""
        names = list(reachable)
        for name in names:
            self._has_everything(self._truth.devices[name])
            self._has_told_everything(self._truth.devices[name])
        self._presence(names)
        self.claims()
        self._promises()

    # --- 4

    def _has_everything(self, device: DeviceTruth) -> None:
        now_ms = self._loop.now_ms
        flash = device.device.flash
        for order in self._truth.orders.values():
            if order.log not in flash.haves and order.log not in device.device.identity.logs:
                continue
            fresh = now_ms - self._truth.issued_at_ms[order.id] < ON_THE_WAY_MS
            if fresh or order.expires_ms - BORN_MS <= now_ms + ON_THE_WAY_MS:
                continue
            held = flash.haves.get(order.log)
            if held is None or order.seq not in held:
                self._broken(4, f"lacks order {order.log} {order.seq} ({order.type})", device, order.occurrence)
            elif self._must_be_kept(device, order):
                what = f"counted order {order.log} {order.seq} ({order.type}) without keeping it"
                self._broken(4, what, device, order.occurrence)

    def _must_be_kept(self, device: DeviceTruth, order: Issued) -> bool:
        """Whether an order that was counted and is not on flash ought to be there."""
        if order.id in device.kept or order.id in device.refused or order.signer in self._truth.retired:
            return False
        if any(each.replaces(order) for each in self._truth.orders.values()):
            return False
        return any(device.addressed(output, order) for output in device.clusters)

    # --- 8, 11

    def _has_told_everything(self, device: DeviceTruth) -> None:
        if self._loop.now_ms - device.stated_ms < ON_THE_WAY_MS:
            return
        pending = device.device.speaker.receipts_pending
        if pending:
            self._broken(11, f"{pending} receipts are still not acknowledged", device)
        final = {
            (str(occurrence), str(cluster)): str(state)
            for occurrence, cluster, state in self._truth.rows(
                "SELECT occurrence_id, cluster_id, state FROM delivery WHERE device_id = ?", device.device.name
            )
        }
        for (occurrence, output), mark in device.device.flash.marks.items():
            play = self._truth.plays.get(occurrence)
            if play is None or not mark.final:
                continue
            for cluster in device.addressed(output, play):
                shown = final.get((occurrence, cluster.id), "")
                if shown not in FINAL:
                    what = f"is over in {cluster.id}, and the server shows {shown or 'nothing'}"
                    self._broken(11, what, device, occurrence)

    def finals(self) -> None:
        """At the end: each airing on each output has exactly one final receipt, if its device ever had the order."""
        counted: dict[tuple[str, str], int] = {}
        marks = ",".join("?" * len(FINAL))
        for device, occurrence, number in self._truth.rows(
            f"SELECT device_id, occurrence_id, count(*) FROM receipt_entry WHERE state IN ({marks})"  # noqa: S608 - question marks
            " AND occurrence_id IS NOT NULL GROUP BY 1, 2",
            *FINAL,
        ):
            counted[str(device), str(occurrence)] = int(str(number))
        for device_truth in self._truth.devices.values():
            for play in self._truth.plays.values():
                outputs = [output for output in device_truth.clusters if device_truth.addressed(output, play)]
                found = counted.get((device_truth.device.name, play.occurrence), 0)
                over = play.expires_ms - BORN_MS < self._loop.now_ms
                losses = len(device_truth.flash_lost_wall_ms)
                told = over and play.id in device_truth.kept and device_truth.device.name not in town.SOLAR
                least = len(outputs) if told else 0
                # Whoever lost flash, or rejected it by a wrong clock and lost power since, may state once more,
                # and otherwise, what it had stated before.
                again = losses + (play.id in device_truth.refused)
                if not least <= found <= len(outputs) * (1 + again):
                    what = f"{found} final receipts for {len(outputs)} outputs"
                    self._broken(8, what, device_truth, play.occurrence)

    # --- 9

    def claims(self) -> None:
        """The server shows no more than was heard."""
        for occurrence, cluster, name, state, sounded_ms, has_order_at in self._truth.rows(
            "SELECT occurrence_id, cluster_id, device_id, state, sounded_ms, has_order_at FROM delivery"
            " WHERE state != 'ordered' OR has_order_at IS NOT NULL"
        ):
            device = self._truth.devices[str(name)]
            play = self._truth.plays[str(occurrence)]
            for output, clusters in device.clusters.items():
                facts = next((each for each in clusters if each.id == cluster), None)
                if facts is not None:
                    shown = _Shown(str(state), int(str(sounded_ms)), facts.wireless)
                    self._claim(device, output, str(occurrence), shown)
            if has_order_at is not None and not {play.id} & (device.received.keys() | device.kept.keys()):
                self._broken(9, "is shown to have an order it never got", device, str(occurrence))

    def _claim(self, device: DeviceTruth, output: str, occurrence: str, shown: "_Shown") -> None:
        state, claimed_ms = shown.state, shown.sounded_ms
        heard = device.heard.get((output, occurrence), [])
        sounded_ms = device.sounded_ms(output, occurrence)
        if heard and heard[-1].until_ms is None:
            sounded_ms += self._loop.now_ms - heard[-1].began_at_ms
        if state in _SOUNDED and not heard:
            self._broken(9, f"is shown as {state} and was never heard", device, occurrence)
        elif state == "played" and shown.wireless:
            self._broken(9, "a wireless cluster is shown as played", device, occurrence)
        elif claimed_ms > sounded_ms + CLAIM_SLACK_MS:
            self._broken(9, f"{claimed_ms} ms are shown, {sounded_ms} ms were heard", device, occurrence)
        elif state == "played" and heard[-1].total_ms is not None:
            total = heard[-1].total_ms
            reached = device.reached_ms(output, occurrence)
            if reached < total - max(CLAIM_SLACK_MS, total // 20):
                self._broken(9, f"is shown as played after {reached} of {total} ms", device, occurrence)

    def _promises(self) -> None:
        known = {str(row[0]) for row in self._truth.rows("SELECT id FROM occurrence")}
        for occurrence in self._truth.accepted:
            if occurrence not in known:
                self._verdicts.broken(9, "a request that was accepted is lost", "", occurrence)

        for noun, made in (
            ("broadcast", "SELECT count(*) FROM occurrence WHERE schedule_id IS NULL AND emergency_id IS NULL"),
            ("emergency", "SELECT count(*) FROM emergency"),
        ):
            (number,) = self._truth.rows(made)[0]
            if int(str(number)) > self._truth.asked[noun]:
                what = f"{number} were made for {self._truth.asked[noun]} requests: {noun}"
                self._verdicts.broken(3, what)

    # --- 10

    def silent(self, names: Iterable[str]) -> None:
        """Devices not heard for 100 s by a server that listened all the while."""
        shown = self._shown_presence()
        for name in names:
            if shown.get(name, "never") not in {"lost", "never", "quiet"}:
                what = f"has been silent for {SHOWN_WITHIN_MS // 1_000} s and is shown as {shown.get(name)}"
                self._verdicts.broken(10, what, name)

    def _presence(self, reachable: list[str]) -> None:
        shown = self._shown_presence()
        for name in reachable:
            if shown.get(name) != "online":
                self._verdicts.broken(11, f"is reachable and shown as {shown.get(name)}", name)

    def _shown_presence(self) -> dict[str, str]:
        return {
            str(name): str(state) for name, state in self._truth.rows("SELECT device_id, presence FROM device_state")
        }

    def _broken(self, rule: int, what: str, device: DeviceTruth, occurrence: str = "") -> None:
        self._verdicts.broken(rule, what, device.device.name, occurrence)
