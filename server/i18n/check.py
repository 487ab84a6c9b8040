"""``python -m server.i18n.check``: every sentence has its Vietnamese, and no entry is left over."""

import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from babel.messages.extract import DEFAULT_KEYWORDS, extract

from schedules.errors import REASONS
from server.i18n.catalogue import ERROR_CONTEXT, LOCALES, REASON_CONTEXT, merged
from server.i18n.errors import messages

Key = tuple[str | None, str]
"""Context and English sentence (the singular), or the error context and a code."""

_SERVER = Path(__file__).parent.parent
_KEYWORDS = DEFAULT_KEYWORDS | {"N_": None, "gettext": None, "ngettext": (1, 2)}
_PLACEHOLDER = re.compile(r"%\((\w+)\)s|\{(\w+)\}")


def main() -> int:
    """Print what is wrong; 1 when anything is."""
    problems = list(find_problems())
    for problem in problems:
        sys.stderr.write(problem + "\n")
    return 1 if problems else 0


def find_problems() -> Iterator[str]:
    """Every missing, unused or mismatched entry, one line each."""
    wanted = dict(wanted_entries())
    for locale in LOCALES[:1]:
        have: dict[Key, tuple[str, ...]] = {}
        for message in merged(locale):
            if message.id:
                have[message.context, _first(message.id)] = _texts(message.string)
        for key in sorted(wanted.keys() - have.keys(), key=str):
            yield f"{locale}: no text for {key[1]!r} ({wanted[key]})"
        for key in sorted(have.keys() - wanted.keys(), key=str):
            yield f"{locale}: nothing uses {key[1]!r}"
        for key in wanted.keys() & have.keys():
            yield from _mismatches(locale, key, have[key])


def wanted_entries() -> Iterator[tuple[Key, str]]:
    """Every sentence the templates, the code and the rooms' errors use, with where it is."""
    yield from (((ERROR_CONTEXT, code), "MESSAGES") for code in messages())
    yield from (((REASON_CONTEXT, code), "REASONS") for code in REASONS)
    for path in sorted(_SERVER.rglob("*")):
        if path.suffix == ".py" and "migrations" not in path.parts:
            yield from _in_file(path, "python")
        elif path.suffix in {".html", ".txt"} and "templates" in path.parts:
            yield from _in_file(path, "jinja2")


def _in_file(path: Path, method: str) -> Iterator[tuple[Key, str]]:
    where = str(path.relative_to(_SERVER))
    with path.open("rb") as file:
        for found in extract(method, file, keywords=_KEYWORDS, options={"silent": "false"}):
            yield (None, _first(found[1])), f"{where}:{found[0]}"


def _mismatches(locale: str, key: Key, texts: tuple[str, ...]) -> Iterator[str]:
    context, english = key
    sources = {ERROR_CONTEXT: messages(), REASON_CONTEXT: REASONS}
    source = sources[context][english] if context is not None else english
    for text in texts:
        if not text.strip():
            yield f"{locale}: empty text for {english!r}"
        elif _placeholders(text) - _placeholders(source):
            yield f"{locale}: {english!r} does not give {sorted(_placeholders(text) - _placeholders(source))}"


def _placeholders(text: str) -> set[str]:
    return {first or second for first, second in _PLACEHOLDER.findall(text)}


def _first(ident: str | Iterable[str]) -> str:
    return ident if isinstance(ident, str) else next(iter(ident))


def _texts(text: str | Iterable[str] | None) -> tuple[str, ...]:
    if text is None or isinstance(text, str):
        return (text or "",)
    return tuple(text)


if __name__ == "__main__":
    sys.exit(main())
