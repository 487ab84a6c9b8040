"""Inside a document's number: its kind, as Nghị định 30/2020/NĐ-CP (annex III) abbreviates it, and who issued it."""

KINDS: dict[str, str] = {
    "NQ": "nghị quyết", "QĐ": "quyết định", "CT": "chỉ thị", "QC": "quy chế", "QyĐ": "quy định", "QYĐ": "quy định",
    "QĐi": "quy định", "TC": "thông cáo", "TB": "thông báo", "HD": "hướng dẫn", "CTr": "chương trình", "TK": "tờ khai",
    "CTR": "chương trình", "KH": "kế hoạch", "PA": "phương án", "ĐA": "đề án", "DA": "dự án", "BC": "báo cáo",
    "BB": "biên bản", "TTr": "tờ trình", "TTR": "tờ trình", "HĐ": "hợp đồng", "CĐ": "công điện", "BGN": "bản ghi nhớ",
    "BTT": "bản thỏa thuận", "GUQ": "giấy ủy quyền", "GM": "giấy mời", "GGT": "giấy giới thiệu",
    "GNP": "giấy nghỉ phép", "PG": "phiếu gửi", "PC": "phiếu chuyển", "PB": "phiếu báo", "NĐ": "nghị định",
    "TT": "thông tư", "TTLT": "thông tư liên tịch", "NQLT": "nghị quyết liên tịch", "VBHN": "văn bản hợp nhất",
    "KL": "kết luận", "CV": "công văn", "L": "luật", "PL": "pháp lệnh", "SL": "sắc lệnh", "LCT": "lệnh Chủ tịch nước",
    "QDD": "quyết định",
}  # fmt: skip
"""Kinds of documents: the first letters after the number."""

BODIES: dict[str, str] = {
    "CP": "Chính phủ", "SNN": "Sở Nông nghiệp", "CCTT": "Chi cục Trồng trọt", "CCKL": "Chi cục Kiểm lâm",
    "TTg": "Thủ tướng", "TTG": "Thủ tướng", "TW": "Trung ương", "TƯ": "Trung ương", "TU": "Tỉnh ủy", "HU": "Huyện ủy",
    "ĐU": "Đảng ủy", "ThU": "Thành ủy", "QU": "Quận ủy", "QH": "Quốc hội", "UBTVQH": "Ủy ban Thường vụ Quốc hội",
    "CTN": "Chủ tịch nước", "VPCP": "Văn phòng Chính phủ", "TTCP": "Thanh tra Chính phủ", "HĐTP": "Hội đồng Thẩm phán",
    "TANDTC": "Tòa án nhân dân tối cao", "VKSTC": "Viện Kiểm sát nhân dân tối cao",
    "BTTTT": "Bộ Thông tin và Truyền thông", "BNV": "Bộ Nội vụ", "BTC": "Bộ Tài chính",
    "BGDĐT": "Bộ Giáo dục và Đào tạo", "BYT": "Bộ Y tế", "BCA": "Bộ Công an", "BQP": "Bộ Quốc phòng",
    "BTNMT": "Bộ Tài nguyên và Môi trường", "BNNMT": "Bộ Nông nghiệp và Môi trường",
    "BNNPTNT": "Bộ Nông nghiệp và Phát triển nông thôn", "BKHCN": "Bộ Khoa học và Công nghệ", "BTP": "Bộ Tư pháp",
    "BXD": "Bộ Xây dựng", "BCT": "Bộ Công Thương", "BGTVT": "Bộ Giao thông vận tải",
    "BVHTTDL": "Bộ Văn hóa, Thể thao và Du lịch", "BLĐTBXH": "Bộ Lao động, Thương binh và Xã hội",
    "BKHĐT": "Bộ Kế hoạch và Đầu tư", "BNG": "Bộ Ngoại giao", "BDTTG": "Bộ Dân tộc và Tôn giáo",
    "NHNN": "Ngân hàng Nhà nước", "UBDT": "Ủy ban Dân tộc", "BCĐ": "Ban Chỉ đạo", "BCH": "Ban Chỉ huy",
    "SGDĐT": "Sở Giáo dục và Đào tạo", "SYT": "Sở Y tế", "SNV": "Sở Nội vụ", "STC": "Sở Tài chính",
    "SNNMT": "Sở Nông nghiệp và Môi trường", "SVHTTDL": "Sở Văn hóa, Thể thao và Du lịch", "CAX": "Công an xã",
    "BTGTW": "Ban Tuyên giáo Trung ương", "MTTW": "Mặt trận Trung ương", "ĐTN": "Đoàn Thanh niên", "VP": "Văn phòng",
    "BTV": "Ban Thường vụ", "HĐND": "Hội đồng nhân dân", "UBND": "Ủy ban nhân dân", "KT": "Kinh tế", "VX": "Văn xã",
    "NC": "Nội chính", "HC": "Hành chính", "BCHPCTT": "Ban Chỉ huy Phòng, chống thiên tai", "TH": "Tổng hợp",
    "VHXH": "Văn hóa, Xã hội", "HĐBC": "Hội đồng bầu cử", "UBBC": "Ủy ban bầu cử",
    "HĐNVQS": "Hội đồng nghĩa vụ quân sự",
}  # fmt: skip
"""Who issued it: what follows the kind."""
