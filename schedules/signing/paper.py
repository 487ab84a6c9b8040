"""The PDF of a bulletin, in Vietnamese as records of a commune are; the same bytes whenever it is made again."""

import io
import unicodedata
from collections.abc import Iterable
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from fontTools.ttLib import TTFont
from fpdf import FPDF
from fpdf.enums import SignatureFlag, XPos, YPos
from fpdf.output import AcroForm, OutputProducer, PDFCatalog
from fpdf.syntax import PDFArray

from schedules.signing.bulletin import Bulletin, Item, Sound

REGULAR, BOLD = "DejaVuSans.ttf", "DejaVuSans-Bold.ttf"
_CLASSES = {0: "nền", 1: "thường", 2: "ưu tiên"}
_LEVELS = {1: "xã", 2: "tỉnh", 3: "trung ương"}
_LANGUAGES = {
    "vi": "Việt",
    "hmn": "Mông",
    "tyz": "Tày",
    "nut": "Nùng",
    "ium": "Dao",
    "blt": "Thái Đen",
    "twh": "Thái Trắng",
    "en": "Anh",
}
_FAMILY = "DejaVu"
_MARGIN_MM = 20
_LINE_MM = 5.2
_NO_TEXT = "Bản ghi âm; không có văn bản kèm theo."
_UNPRINTABLE = "Phông chữ của văn bản này không in được một số chữ. Nội dung đầy đủ nằm trong mã băm của bản tin."


def make(bulletin: Bulletin, created: datetime, fonts: Path) -> bytes:
    """The PDF of a bulletin. created: a moment that belongs to the revision and never changes.

    fonts: where `REGULAR` and `BOLD` lie. Nothing of the machine or of the present time gets into it.
    """
    paper = _Paper(bulletin, fonts)
    paper.set_creation_date(created)
    paper.set_title(bulletin.title)
    paper.set_lang("vi")
    paper.add_page()
    paper.head()
    for number, item in enumerate(bulletin.items, 1):
        paper.item(number if bulletin.composition is not None else None, item)
    paper.stations()
    paper.foot()
    out = io.BytesIO()
    paper.output(out, output_producer_class=_Signable)
    return out.getvalue()


class _Signable(OutputProducer):
    """With a form that is empty yet, and asks tools to append to the file instead of writing it anew."""

    def _finalize_catalog(self, catalog_obj: PDFCatalog, *parts: Any, **more: Any) -> None:
        super()._finalize_catalog(catalog_obj, *parts, **more)
        flags = SignatureFlag.SIGNATURES_EXIST | SignatureFlag.APPEND_ONLY
        catalog_obj.acro_form = AcroForm(PDFArray([]), int(flags))


class _Paper(FPDF):
    """A4, portrait, one column."""

    def __init__(self, bulletin: Bulletin, fonts: Path) -> None:
        super().__init__(format="A4")
        self._about = bulletin
        self._known = _letters(fonts / REGULAR)
        self.set_producer("Loa")
        self.set_margin(_MARGIN_MM)
        self.set_auto_page_break(auto=True, margin=_MARGIN_MM + 8)
        self.add_font(_FAMILY, "", fonts / REGULAR)
        self.add_font(_FAMILY, "B", fonts / BOLD)

    def footer(self) -> None:
        self.set_y(-_MARGIN_MM)
        self.set_font(_FAMILY, size=7)
        self.set_text_color(90)
        self.cell(0, 4, f"{self._about.digest} · trang {self.page_no()}", align="C")
        self.set_text_color(0)

    def head(self) -> None:
        about = self._about
        self._line(about.place, size=10)
        self._line("BẢN TIN PHÁT THANH", size=15, bold=True, gap=2)
        self._line(about.title, size=13, bold=True, gap=3)
        self._pairs(
            ("Loại", _CLASSES.get(about.play_class, str(about.play_class))),
            ("Cấp", _LEVELS.get(about.level, str(about.level))),
            ("Mã số", about.id),
            ("Phiên bản", str(about.revision)),
            ("SHA-256", about.digest),
        )

    def item(self, number: int | None, item: Item) -> None:
        if number is not None:
            self._line(f"{number}. {item.title}", size=12, bold=True, gap=2)
        for sound in item.sounds:
            self._sound(sound)

    def stations(self) -> None:
        """What is relayed: nobody knows beforehand what it will say, so its address is what is signed."""
        elements = (self._about.composition or {}).get("items", ())
        for each in elements:
            if "relay" in each:
                source, minutes = each.get("source") or {}, each["lasts_s"] / 60
                self._line(f"Tiếp sóng {minutes:g} phút: {source.get('name', '')}", size=11, bold=True)
                self._line(str(source.get("url", "")), size=8, gap=2)

    def foot(self) -> None:
        self.ln(6)
        self._line("Người duyệt ký số vào tệp này. Không in ra rồi quét lại: chữ ký số nằm trong tệp.", size=9)

    def _sound(self, sound: Sound) -> None:
        seconds = round(sound.duration_ms / 1000)
        self._line(
            f"Tiếng {_LANGUAGES.get(sound.language, sound.language)} · {seconds // 60}:{seconds % 60:02} phút",
            size=10,
            bold=True,
            gap=1,
        )
        printable = self._known.issuperset(map(ord, unicodedata.normalize("NFC", "".join(sound.text.split()))))
        self._line((sound.text if printable else _UNPRINTABLE) or _NO_TEXT, size=11, gap=1)
        self._pairs(("Âm thanh", sound.sha256), *sound.files, size=7.5)

    def _pairs(self, *pairs: tuple[str, str], size: float = 9) -> None:
        for name, value in pairs:
            self._line(f"{name}: {value}", size=size)
        self.ln(2)

    def _line(self, text: str, *, size: float, bold: bool = False, gap: float = 0) -> None:
        self.set_font(_FAMILY, "B" if bold else "", size)
        letters = unicodedata.normalize("NFC", text)  # accents apart from their letters would stand beside them
        shown = "".join(letter if _fits(letter, self._known) else "□" for letter in letters)
        self.multi_cell(0, _LINE_MM * size / 11, shown, new_x=XPos.LMARGIN, new_y=YPos.NEXT, align="L")
        self.ln(gap)


def _fits(letter: str, known: Iterable[int]) -> bool:
    return letter.isspace() or ord(letter) in known


@cache
def _letters(font: Path) -> frozenset[int]:
    """The letters a font has."""
    with TTFont(font) as opened:
        return frozenset(opened.getBestCmap())
