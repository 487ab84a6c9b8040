"""Bars beside one another as SVG, readable on light and dark ground, without any library."""

from typing import NamedTuple

WIDTH, HEIGHT = 720, 320
LEFT, BOTTOM, TOP = 48, 56, 56
FONT = 'font-family="system-ui, sans-serif" font-size="13"'
COLOURS = ("#8a8f98", "#d08a2e", "#2a6fbb", "#3b8f5a")


class Bars(NamedTuple):
    """Groups of bars, values from 0 to 1."""

    title: str
    groups: list[str]
    names: list[str]
    values: list[list[float]]
    """One list for each group, one value for each name."""


def drawn(bars: Bars) -> str:
    """The SVG document."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" {FONT}>',
        f"<title>{bars.title}</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        f'<text x="{LEFT}" y="20" font-size="15" font-weight="600">{bars.title}</text>',
        *_legend(bars.names),
        *_scale(),
    ]
    group_width = (WIDTH - LEFT - 16) / len(bars.groups)
    for place, (group, values) in enumerate(zip(bars.groups, bars.values, strict=True)):
        parts += _group(group, values, LEFT + place * group_width, group_width)
    return "\n".join([*parts, "</svg>\n"])


def _y(value: float) -> float:
    return round(HEIGHT - BOTTOM - value * (HEIGHT - BOTTOM - TOP), 1)


def _legend(names: list[str]) -> list[str]:
    made = []
    for place, name in enumerate(names):
        x = LEFT + place * 150
        made.append(f'<rect x="{x}" y="32" width="12" height="12" fill="{COLOURS[place]}"/>')
        made.append(f'<text x="{x + 18}" y="43">{name}</text>')
    return made


def _scale() -> list[str]:
    made = []
    for tenth in range(0, 11, 2):
        y = _y(tenth / 10)
        made.append(f'<line x1="{LEFT}" x2="{WIDTH - 16}" y1="{y}" y2="{y}" stroke="#ddd"/>')
        made.append(f'<text x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{tenth / 10:.1f}</text>')
    return made


def _group(name: str, values: list[float], left: float, width: float) -> list[str]:
    each = width * 0.8 / len(values)
    made = [f'<text x="{left + width / 2:.0f}" y="{HEIGHT - BOTTOM + 22}" text-anchor="middle">{name}</text>']
    for place, value in enumerate(values):
        x, y = left + width * 0.1 + place * each, _y(value)
        made.append(
            f'<rect x="{x:.1f}" y="{y}" width="{each - 6:.1f}" height="{_y(0) - y:.1f}" fill="{COLOURS[place]}"/>'
        )
        made.append(f'<text x="{x + each / 2 - 3:.1f}" y="{y - 4}" text-anchor="middle">{value:.2f}</text>')
    return made
