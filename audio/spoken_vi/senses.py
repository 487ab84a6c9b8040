"""Abbreviations that mean one thing here and another there, told apart by their neighbours (pure)."""

import re
from typing import NamedTuple

from audio.spoken_vi.alphabet import CAPITALS, SMALL


class Sense(NamedTuple):
    """One meaning: what follows (a pattern) and what went before (last words, lower-case); nothing asks for nothing."""

    said: str
    follows: re.Pattern[str] | None = None
    after: tuple[str, ...] = ()


def _then(pattern: str) -> re.Pattern[str]:
    return re.compile(r"[ .]{0,2}(?:" + pattern + ")")


_NUMBERED = _then(r"(?:số |liên tịch )?\d")
_OFFICE = _then(
    r"UBND|HĐND|UBMTTQ|UBMT|MTTQ|HPN|HND|Ủy ban|Hội|xã|phường|huyện|tỉnh|nước|Quốc hội|thành phố|công đoàn|Công đoàn",
)
_PERSON = _then(rf"[{CAPITALS}][{SMALL}]{{1,12}} [{CAPITALS}]")
_NAME = _then(rf"[{CAPITALS}][{SMALL}]")

SENSES: dict[str, tuple[Sense, ...]] = {
    "TT": (
        Sense("thông tư", _NUMBERED),
        Sense(
            "trung tâm",
            _then(
                r"(?i:y tế|văn hóa|văn hoá|dịch vụ|hành chính|chính trị|khuyến nông|phục vụ|kiểm soát|giáo dục|học tập"
                r"|bồi dưỡng|điều dưỡng|thể thao|truyền thông|khuyến công|giống|bảo trợ|phát triển|hội nghị|chỉ huy"
                r"|nước sạch)|VH|GD|DV|HC|KN|YT|PV|HTCĐ|KSBT|BTXH|TDTT",
            ),
        ),
        Sense("thị trấn", _NAME),
        Sense("thông tin", _then("tuyên truyền|liên hệ|chi tiết")),
        Sense("trung tâm"),
    ),
    "CT": (
        Sense("Chủ tịch", _OFFICE),
        Sense("chương trình", _then(r"(?:135|134|661|327|30a)(?!\w)")),
        Sense("chỉ thị", _NUMBERED),
        Sense("Công ty", _then(r"TNHH|CP|cổ phần|Cổ phần")),
        Sense("chương trình", _then(r"MTQG|mục tiêu|hành động|phát thanh|công tác|xây dựng")),
        Sense("Chủ tịch", _PERSON),
    ),
    "CĐ": (
        Sense("công điện", _NUMBERED),
        Sense("cao đẳng", None, ("đại học ", "trường", "học", "hệ", "sinh viên", "và", "đại học")),
        Sense("cao đẳng", _then(r"[,và ]{1,4}ĐH|nghề|[Ss]ư phạm|Y tế")),
        Sense("công đoàn"),
    ),
    "ĐT": (
        Sense("điện thoại", None, ("số", "qua", "gọi", "bằng")),
        Sense("điện thoại", _then(r":|[:(]? ?[0+]\d|liên hệ|di động|bàn")),
        Sense("đào tạo", None, ("và", "nghề", "sở")),
        Sense("điện thoại"),
    ),
    "ĐC": (Sense("địa chỉ", _then(":")), Sense("đồng chí", _PERSON), Sense("địa chỉ")),
    "TB": (
        Sense("trung bình", None, ("độ", "mức", "giá", "điểm", "mưa", "nhập", "suất", "khá", "loại", "hộ", "khẩu")),
        Sense("thương binh", _then(r"hạng|nặng|-?LS|, ?BB")),
        Sense("thông báo"),
    ),
    "KH": (Sense("khách hàng", None, ("mã", "quý", "số")), Sense("kế hoạch")),
    "TS": (Sense("tiến sĩ", _NAME), Sense("thủy sản", None, ("trồng", "nuôi")), Sense("tiến sĩ")),
    "BCH": (
        Sense("Ban Chỉ huy", _then(r"PCTT|PTDS|PCLB|Phòng|phòng|[Qq]uân sự|QS|PCCC|TKCN|[Cc]hống")),
        Sense("Ban Chấp hành"),
    ),
    "CA": (Sense("Công an", _then(r"[Tt][.]?p|tx|xã|phường|huyện|tỉnh|TP|thành phố|viên|[A-ZĐ]{2,}")),),
    "TU": (Sense("Tỉnh ủy", None, ("thường trực", "vụ", "của", "phòng")),),
    "CS": (Sense("cảnh sát", _then("PCCC|giao thông|khu vực|cơ động|113")), Sense("cơ sở")),
    "TL": (Sense("thừa lệnh", _then(r"CHỦ TỊCH|Chủ tịch|GIÁM ĐỐC|Giám đốc")), Sense("tỉnh lộ")),
    "KT": (Sense("ký thay", _then(r"CHỦ TỊCH|Chủ tịch|GIÁM ĐỐC|Giám đốc|TRƯỞNG|Trưởng")), Sense("kinh tế")),
    "TM": (Sense("thay mặt", _then(r"UBND|HĐND|BCH|Ủy ban|ỦY BAN|Ban|BAN")), Sense("thương mại")),
    "TUQ": (Sense("thừa ủy quyền"),),
    "HD": (Sense("hướng dẫn"),),
    "HU": (Sense("Huyện ủy", None, ("thường trực", "của")),),
    "TTCP": (Sense("Thanh tra Chính phủ", None, ("tổng",)), Sense("Thủ tướng Chính phủ")),
    "P": (
        Sense(
            "Phó",
            re.compile(r"\. ?(?:Giám đốc|Chủ tịch|Bí thư|Trưởng|Hiệu trưởng|Chánh|Tổng|Cục|Vụ|Viện|CT|GĐ|BT|HT)"),
        ),
    ),
    "Q": (Sense("Quyền", re.compile(r"\. ?(?:Giám đốc|Chủ tịch|Bí thư|Trưởng|Hiệu trưởng|Chánh)")),),
    "SN": (Sense("sinh năm", re.compile(r":? ?(?:19|20)\d\d")), Sense("số nhà", re.compile(r":? ?\d"))),
    "sn": (Sense("sinh năm", re.compile(r":? ?(?:19|20)\d\d")), Sense("số nhà", re.compile(r":? ?\d"))),
    "CP": (Sense("Cổ phần", None, ("ty", "công ty")), Sense("chi phí", None, ("tổng",)), Sense("Chính phủ")),
    "HT": (Sense("hội trường", None, ("tại", "ở")), Sense("Hiệu trưởng")),
    "Đ/c": (
        Sense("địa chỉ", _then(r": ?(?:[Ss]ố|\d|[Tt]hôn|[Tt]ổ|[Đđ]ường|[Xx]ã|[Bb]ản|[Kk]hu|[Nn]hà|[Pp]hường)")),
        Sense("đồng chí"),
    ),
    "C": (Sense("xê", None, ("độ",)),),
    "BB": (Sense("biên bản"),),
}

UNITS_OF_PLACE = {"P": "phường", "Q": "quận", "H": "huyện", "X": "xã", "T": "tỉnh"}
"""One letter and a full stop in front of a place: ``P. Cam Đường``, ``H. Bát Xát``, ``Q.1``."""
