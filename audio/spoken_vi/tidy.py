"""One clean line from what was typed or pasted: composed letters, no invisible ones, pauses for layout (pure)."""

import re
import unicodedata

_LOOKALIKES = str.maketrans({
    "Ð": "Đ", "Ɖ": "Đ", "ð": "đ", "’": "'", "‘": "'", "ʼ": "'", "′": "'", "´": "'", "″": "''", "º": "°", "˚": "°",
    "∕": "/", "⁄": "/", "…": "...", "½": " một phần hai ", "¼": " một phần tư ", "¾": " ba phần tư ",
    "⅓": " một phần ba ", "⅔": " hai phần ba ", "№": "số ",
    "μ": "µ", "•": "\n- ", "●": "\n- ", "▪": "\n- ", "■": "\n- ",
    "►": "\n- ", "➢": "\n- ", "✓": "\n- ", "\u2028": "\n", "\u2029": "\n", "\r": "\n", "\v": "\n", "\f": "\n",
    "→": ", ", "⇒": ", ", "[": "(", "{": "(", "]": ")", "}": ")", "|": ", ",
})  # fmt: skip
_COMPATIBLE = re.compile(r"[\u2103\u2160-\u217f\u3371-\u33df\uff01-\uff5e]")
"""°C in one letter, Roman numerals in one letter, squared units, full-width forms."""
_POWER = re.compile(r"(?<=[^\W\d_])([²³])")
_BULLET = re.compile(r"^(?:[-–—+*·][ ]+|[-–—*·](?=[^\W\d_]))+")
_AREA_CODE = re.compile(r"\((\+?\d{1,5})\)[ .-]?(?=\d)")
_ARC_SECONDS = re.compile(r"('\d{1,2}(?:[.,]\d{1,3})?)\"")
_QUOTED = re.compile(r"(?<!\w)'([^'\n]{1,60})'(?![^\W_])")
_STRAY_QUOTE = re.compile(r"[\"“”„«»‹›`]|(?<![\w'])'+|(?<=[^\W\d_])'+(?![^\W\d_])")
_HEADING = re.compile(r"^([IVX]{1,5})[)/](?= |$)")
_BRACKET = re.compile(r"[()]")
"""Alone: spaces around it go with `polish`, and looking for them from each of 20,000 would take a second."""
_IDLE = re.compile(r"[#\\^]|(?<![^\W_])_|_(?![^\W_])|[<>≈](?! ?=? ?\d)|\*(?! ?\d)|(?<=[.,;:!?] )/ ")
"""Marks that say nothing where they stand."""
_LEADER = re.compile(r"_{2,}|[.]{4,}")
_MARKS = " ,.;:!?"
_RUN = re.compile(r"[ ,.;:!?]+")


def tidy(text: str) -> str:
    """The text on one line. Lines end as sentences, brackets become commas, bullets and quotation marks go."""
    composed = "".join(_clean(char) for char in unicodedata.normalize("NFC", text).translate(_LOOKALIKES))
    composed = _COMPATIBLE.sub(lambda found: unicodedata.normalize("NFKC", found[0]), composed)
    line = _join([line.strip() for line in composed.split("\n")])
    line = _LEADER.sub("...", _AREA_CODE.sub(r"\1 ", line))
    line = _QUOTED.sub(r" \1 ", _ARC_SECONDS.sub(r"\1''", line))
    return polish(_BRACKET.sub(", ", _IDLE.sub(" ", _STRAY_QUOTE.sub(" ", line))))


def polish(line: str) -> str:
    """One mark for each pause, no space before it, and none of it at the beginning."""
    return _RUN.sub(_one_mark, line).lstrip(_MARKS).rstrip(" ,")


def _clean(char: str) -> str:
    """Plain digits and spaces; nothing for what cannot be seen."""
    if char == "\n" or " " <= char <= "~":
        return char
    category = unicodedata.category(char)
    if category in {"Cf", "Cc", "Cs", "Co", "Cn"}:
        return " " if category == "Cc" else ""
    if category[0] == "Z":
        return " "
    if char in "²³":
        return char
    return str(unicodedata.digit(char)) if char.isdigit() else char


def _join(lines: list[str]) -> str:
    said = ""
    for line in lines:
        bare = _HEADING.sub(r"\1.", _BULLET.sub("", line).rstrip(" /"))
        if not bare:
            continue
        if said:
            wrapped = bare == line and bare[0].islower() and said[-1] not in ".!?:;"
            said += " " if wrapped or said[-1] in ".!?:;," else ". "
        said += bare
    return _superscripts(said)


def _superscripts(line: str) -> str:
    """``m²`` → ``m2``; elsewhere a small 2 is a power."""
    line = _POWER.sub(lambda found: "2" if found[1] == "²" else "3", line)
    return line.replace("²", " mũ 2").replace("³", " mũ 3")


def _one_mark(found: re.Match[str]) -> str:
    marks = found[0].replace(" ", "")
    if not marks:
        return " "
    strong = marks.replace(",", "")
    mark = ","
    if strong:
        others = strong.replace(".", "")
        mark = others[0] if others else "." if len(strong) == 1 else "..."
    return f"{mark} " if " " in found[0] else mark
