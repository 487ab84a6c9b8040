"""What the demo shows while it runs: a live table on a terminal, nothing elsewhere."""

from dataclasses import dataclass, field

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

ORDER = (
    ("ordered", "ordered", "dim"),
    ("has_order", "has order", "cyan"),
    ("stored", "stored", "blue"),
    ("playing", "playing", "bold blue"),
    ("played", "played", "bold green"),
    ("transmitted", "transmitted", "green"),
    ("missed", "missed", "bold red"),
    ("rejected", "rejected", "bold red"),
)


@dataclass(slots=True)
class Progress:
    """What is known at this moment; the screen shows exactly this."""

    address: str = ""
    people: list[tuple[str, str, str]] = field(default_factory=list)
    password: str = ""
    broker: str = ""
    step: str = "starting"
    smart: tuple[int, int] = (0, 0)
    wireless: tuple[int, int] = (0, 0)
    title: str = ""
    smart_states: dict[str, int] = field(default_factory=dict)
    wireless_states: dict[str, int] = field(default_factory=dict)
    first_sound_s: float | None = None
    errors: list[str] = field(default_factory=list)


def render(progress: Progress) -> Group:
    """The whole picture as one Rich renderable."""
    parts: list[RenderableType] = [_head(progress), _fleet(progress)]
    if progress.title:
        parts.append(_broadcast(progress))
    parts += [Text(f"! {error}", style="bold red") for error in progress.errors[-5:]]
    return Group(*parts)


class Steps:
    """Prints the introduction once, then a line for each new step: for a log or a pipe."""

    def __init__(self, where: Console) -> None:
        self._where = where
        self._introduced = False
        self._last = ""

    def __call__(self, progress: Progress) -> None:
        if progress.address and not self._introduced:
            self._introduced = True
            self._where.print(_head(progress))
        line = self._line(progress)
        if line != self._last:
            self._last = line
            self._where.print(line, highlight=False)

    @staticmethod
    def _line(progress: Progress) -> str:
        states = {**progress.smart_states}
        for state, count in progress.wireless_states.items():
            states[state] = states.get(state, 0) + count
        counts = ", ".join(f"{states[state]} {title}" for state, title, _ in ORDER if states.get(state))
        return f"{progress.step}: {counts}" if counts else progress.step


def _head(progress: Progress) -> Panel:
    lines = Table.grid(padding=(0, 2))
    lines.add_row("Console", Text(progress.address, style="bold"))
    for role, login, name in progress.people:
        lines.add_row(role, Text(login, style="bold"), Text(name, style="dim"))
    lines.add_row("Password", Text(progress.password, style="bold"))
    lines.add_row("Broker", progress.broker)
    return Panel(lines, title="Loa · Bảo Nhai", subtitle=progress.step, border_style="green")


def _fleet(progress: Progress) -> Table:
    table = Table.grid(padding=(0, 2))
    for name, (have, total), word in (
        ("smart clusters", progress.smart, "online"),
        ("wireless clusters", progress.wireless, "reachable"),
    ):
        table.add_row(f"{total} {name}", ProgressBar(total=max(1, total), completed=have, width=38), f"{have} {word}")
    return table


def _broadcast(progress: Progress) -> Panel:
    table = Table(box=None, pad_edge=False)
    table.add_column("")
    for _, title, style in ORDER:
        table.add_column(title, justify="right", style=style)
    for kind, states in (("smart", progress.smart_states), ("wireless", progress.wireless_states)):
        table.add_row(kind, *(str(states.get(state) or "·") for state, _, _ in ORDER))
    heard = "" if progress.first_sound_s is None else f"first sound {progress.first_sound_s:.1f} s after the start"
    return Panel(table, title=progress.title, subtitle=heard, border_style="blue")


def console(*, quiet: bool) -> Console:
    """Progress goes to standard error; standard output is for the summary."""
    return Console(stderr=True, quiet=quiet)
