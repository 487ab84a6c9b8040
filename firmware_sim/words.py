"""What a device says to a volunteer, in Vietnamese and English."""

VI, EN = "vi", "en"

OUTCOMES: dict[str, tuple[str, str]] = {
    "taken": (
        "Loa đã nhận gói. Hãy mang tệp trả về cho xã.",
        "The speaker has taken the bundle. Bring the return file back to the commune.",
    ),
    "not_a_bundle": (
        "Tệp này không phải gói chuyển tay của Loa. Không có gì thay đổi. Hãy chọn tệp có đuôi .loa.",
        "This file is no courier bundle. Nothing was changed. Choose a file that ends in .loa.",
    ),
    "truncated": (
        "Tệp bị thiếu phần cuối. Không có gì thay đổi. Hãy chép hoặc tải lại tệp rồi thử lần nữa.",
        "The end of the file is missing. Nothing was changed. Copy or download it again and try once more.",
    ),
    "altered": (
        "Tệp bị hỏng hoặc đã bị sửa. Không có gì thay đổi. Hãy tải lại tệp từ xã.",
        "The file is damaged or was changed. Nothing was changed here. Download it again from the commune.",
    ),
    "trailing": (
        "Sau gói còn có dữ liệu lạ. Không có gì thay đổi. Hãy tải lại tệp từ xã.",
        "Something strange follows the bundle. Nothing was changed. Download it again from the commune.",
    ),
    "wrong_village": (
        "Gói này dành cho nơi khác, không phải cho loa này. Không có gì thay đổi. Hãy mang gói đến đúng thôn.",
        "This bundle is for another place, not for this speaker. Nothing was changed. Bring it to the right village.",
    ),
    "expired": (
        "Gói này đã quá hạn. Không có gì thay đổi. Hãy lấy gói mới từ xã.",
        "This bundle has run out. Nothing was changed. Get a new one from the commune.",
    ),
    "too_large": (
        "Gói này lớn hơn mức loa nhận được. Không có gì thay đổi. Hãy báo cho xã.",
        "This bundle is larger than a speaker takes. Nothing was changed. Tell the commune.",
    ),
    "unknown_signer": (
        "Người ký gói này không phải nơi mà loa nghe lệnh. Không có gì thay đổi. Hãy báo cho xã.",
        "This bundle is signed by somebody this speaker does not obey. Nothing was changed. Tell the commune.",
    ),
    "replayed": (
        "Loa đã nhận gói này từ trước. Không có gì thay đổi. Hãy mang tệp trả về cho xã.",
        "The speaker took this bundle before. Nothing was changed. Bring the return file back to the commune.",
    ),
    "full": (
        "Bộ nhớ của loa không đủ chỗ cho gói này. Không có gì thay đổi. Hãy báo cho xã.",
        "The speaker has no room for this bundle. Nothing was changed. Tell the commune.",
    ),
    "failed": (
        "Loa không đọc được tệp hoặc không ghi được vào bộ nhớ. Hãy thử lại; nếu vẫn lỗi, báo cho xã.",
        "The speaker could not read the file or write its memory. Try again; if it fails again, tell the commune.",
    ),
    "busy": (
        "Loa đang nhận một gói khác. Hãy đợi một phút rồi thử lại.",
        "The speaker is taking another bundle. Wait a minute, then try again.",
    ),
    "too_often": (
        "Đã thử quá nhiều lần. Hãy đợi một phút rồi thử lại.",
        "Too many tries. Wait a minute, then try again.",
    ),
    "no_file": (
        "Chưa chọn tệp nào. Hãy chọn tệp có đuôi .loa.",
        "No file was chosen. Choose a file that ends in .loa.",
    ),
}
"""What became of a bundle: what happened, what is safe, what to do."""

PAGE: dict[str, tuple[str, str]] = {
    "speaker": ("Loa", "Speaker"),
    "now": ("Hiện giờ", "Now"),
    "playing": ("Phát thanh", "On air"),
    "sounding": ("đang phát", "playing"),
    "silent": ("không phát", "nothing now"),
    "link": ("Kết nối với xã", "Link to the commune"),
    "online": ("có kết nối", "connected"),
    "offline": ("không có kết nối", "not connected"),
    "clock": ("Đồng hồ", "Clock"),
    "clock_synced": ("đúng giờ", "right"),
    "clock_drifting": ("có thể lệch một chút", "may be a little off"),
    "clock_unset": ("chưa được đặt giờ", "not set"),
    "battery": ("Pin", "Battery"),
    "storage": ("Bộ nhớ còn trống", "Memory free"),
    "faults": ("Lỗi", "Faults"),
    "none": ("không có", "none"),
    "waiting": ("Biên nhận chờ mang về", "Receipts to bring back"),
    "hand_over": ("Giao gói cho loa", "Hand a bundle to the speaker"),
    "choose": ("Chọn tệp .loa", "Choose the .loa file"),
    "send": ("Giao", "Hand over"),
    "sending": ("Đang giao, đừng đóng trang này…", "Handing over, do not close this page…"),
    "take_back": ("Tệp trả về cho xã", "The file for the commune"),
    "download": ("Tải tệp trả về", "Download the return file"),
    "why": (
        "Tệp này ghi lại loa đã phát những gì. Mang về và nộp tại trang Chuyển tay của xã.",
        "This file says what the speaker has played. Bring it back and hand it in on the commune's courier page.",
    ),
    "back": ("Quay lại", "Back"),
    "result": ("Kết quả", "Result"),
    "new": ("mới: %(orders)s lệnh, %(contents)s âm thanh", "new: %(orders)s orders, %(contents)s sounds"),
    "other_language": ("English", "Tiếng Việt"),
}
FAULTS: dict[str, tuple[str, str]] = {
    "amplifier": ("tăng âm", "amplifier"),
    "speaker": ("đường dây loa", "loudspeaker line"),
    "storage": ("bộ nhớ", "storage"),
    "battery": ("pin yếu", "battery weak"),
    "battery_low": ("pin yếu", "battery low"),
    "battery_critical": ("pin cạn", "battery nearly empty"),
    "transmitter": ("máy phát không dây", "transmitter"),
    "flash_rebuilt": ("bộ nhớ đã được dựng lại", "memory was rebuilt"),
    "key_old": ("khóa của nơi ra lệnh đã cũ", "an authority's key is old"),
}


def outcome(code: str, language: str) -> str:
    """What became of a bundle; a code nobody listed is a failure like any other."""
    return _in(OUTCOMES.get(code, OUTCOMES["failed"]), language)


def page(key: str, language: str) -> str:
    return _in(PAGE[key], language)


def fault(code: str, language: str) -> str:
    """A fault in words; one nobody listed is shown as it is."""
    return _in(FAULTS.get(code, (code, code)), language)


def language_of(accepted: str) -> str:
    """Vietnamese unless English is preferred, by an Accept-Language header."""
    for each in accepted.split(","):
        name = each.strip().lower()[:2]
        if name in {VI, EN}:
            return name
    return VI


def _in(pair: tuple[str, str], language: str) -> str:
    return pair[1] if language == EN else pair[0]
