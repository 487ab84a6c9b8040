"""The emergency templates every place begins with (pure).

Sirens: Huế's rule as `audio.tones` gives it. The words are ours, to be changed by the place.
"""

from dataclasses import dataclass, field

from schedules.models import TemplateKind

EXERCISE_TEXTS = {
    "vi": "Đây là diễn tập. Xin nhắc lại, đây là diễn tập, không phải tình huống thật.",
    "en": "This is an exercise. I repeat, this is an exercise and not a real emergency.",
}
"""What stands before and after the words of a drill."""


@dataclass(frozen=True, slots=True)
class TemplateDraft:
    """A template before it belongs to a place. repeat_count 0: until cleared, stopped or expired."""

    key: str
    kind: TemplateKind
    titles: dict[str, str]
    tone: str
    texts: dict[str, str] = field(default_factory=dict)
    repeat_count: int = 0
    repeat_gap_s: int = 30
    lasts_s: int = 7_200


FIRST_TEMPLATES = (
    TemplateDraft(
        key="flood",
        kind=TemplateKind.ALARM,
        titles={"vi": "Báo động lũ", "en": "Flood alarm"},
        tone="siren-flood",
        texts={
            "vi": (
                "Báo động lũ khẩn cấp! Báo động lũ khẩn cấp! Nước đang dâng nhanh. "
                "Đề nghị bà con rời ngay khỏi ven sông, ven suối và những nơi thấp trũng, "
                "di chuyển đến nơi cao và an toàn. "
                "Hãy giúp đỡ người già, trẻ em và người khuyết tật. "
                "Không đi qua ngầm tràn, cầu treo và suối khi nước chảy xiết. "
                "Bà con làm theo hướng dẫn của chính quyền và lực lượng cứu hộ."
            )
        },
    ),
    TemplateDraft(
        key="storm",
        kind=TemplateKind.ALARM,
        titles={"vi": "Báo động bão, dông lốc", "en": "Storm alarm"},
        tone="siren-storm",
        texts={
            "vi": (
                "Báo động bão khẩn cấp! Báo động bão khẩn cấp! Bão, gió giật rất mạnh sắp đến. "
                "Đề nghị bà con vào ngay trong nhà kiên cố, đóng chặt cửa, tránh xa cây to, cột điện và mái tôn. "
                "Không ra đồng, không lên nương, không đi trên sông suối. "
                "Nhà không an toàn hoặc ở nơi có thể sạt lở, bà con đến ngay điểm sơ tán của thôn. "
                "Bà con làm theo hướng dẫn của chính quyền."
            )
        },
    ),
    TemplateDraft(
        key="all-clear",
        kind=TemplateKind.ALL_CLEAR,
        titles={"vi": "Hết báo động", "en": "All clear"},
        tone="all-clear",
        texts={
            "vi": (
                "Thông báo hết báo động. Tình huống khẩn cấp đã kết thúc. "
                "Bà con có thể trở về nhà, chú ý kiểm tra điện, nước và những nơi có thể sạt lở. "
                "Ai cần giúp đỡ, đề nghị báo ngay cho trưởng thôn. Xin cảm ơn bà con."
            )
        },
        repeat_count=1,
        lasts_s=600,
    ),
)
