"""A violation told: what happened to the occurrence and the device concerned, and how to see it again."""

from collections.abc import Iterable

from simulation.diary import Line
from simulation.judge import Violation
from simulation.template import BORN_MS
from simulation.world import Outcome

LAST_LINES = 24
INVARIANTS = {
    1: "nothing unsigned, altered, from the wrong authority or meant for others is played",
    2: "nothing is played after its expiry, or outside permitted hours unless it is an emergency",
    3: "one occurrence is played at most once per cluster and repetition",
    4: "every order reaches every device that is reachable long enough",
    5: "an emergency sounds within 1 s of the device having it; nothing lower sounds meanwhile",
    6: "a cancel wins over its play, whichever arrives first",
    7: "a device with its programme plays it on time with everything else gone",
    8: "every play ends in exactly one final receipt, which reaches the server",
    9: "the server never shows more than receipts prove, and never loses an accepted request",
    10: "a silent device is shown within 100 s",
    11: "when faults stop, everything agrees again within two minutes",
}


def told(outcome: Outcome, plant: str = "") -> str:
    """The first violation of a seed, with the last events that concern it and the command that replays it."""
    first = outcome.violations[0]
    lines = [
        f"seed {outcome.seed}: invariant {first.rule} broken at {_moment(first.at_ms)}",
        f"  ({INVARIANTS[first.rule]})",
        f"  {first.device or 'the server'} {first.what}" + (f" [{first.occurrence}]" if first.occurrence else ""),
    ]
    lines += [f"    {_moment(line.at_ms)}  {_words(line)}" for line in relevant(outcome.lines, first)]
    more = len(outcome.violations) - 1
    if more:
        lines.append(f"  and {more} more in this seed")
    planted = f" --plant {plant}" if plant else ""
    lines.append(f"  again: loa simulate --seeds {outcome.seed}..{outcome.seed} --days {outcome.days:g}{planted}")
    return "\n".join(lines)


def relevant(lines: Iterable[Line], violation: Violation) -> list[Line]:
    """The last lines about the occurrence or the device concerned, and the faults of everybody, until it was broken."""
    found = [line for line in lines if line.at_ms <= violation.at_ms and _concerns(line, violation)]
    return found[-LAST_LINES:]


def _concerns(line: Line, violation: Violation) -> bool:
    about_it = bool(violation.occurrence) and line.about == violation.occurrence
    if about_it:
        return line.who in {violation.device, "server", "operator"} or not violation.device
    if line.who == violation.device:
        return not line.about or not violation.occurrence
    shared = line.who in {"server", "broker", "town"} and not line.what.startswith("issues")
    return shared and line.about == ""


def _moment(at_ms: int) -> str:
    """Day and local time of the world, to the millisecond."""
    day, rest = divmod(at_ms + (BORN_MS + 7 * 3_600_000) % 86_400_000, 86_400_000)
    hours, rest = divmod(rest, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    return f"day {day + 1} {hours:02d}:{minutes:02d}:{rest / 1_000:06.3f}"


def _words(line: Line) -> str:
    return " ".join(part for part in (line.who, line.what, line.about, line.detail) if part)
