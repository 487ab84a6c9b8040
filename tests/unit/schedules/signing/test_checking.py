"""Signed PDFs, real ones: what counts, and every way in which one does not."""

import io
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.crypt import StandardSecurityHandler
from pyhanko.pdf_utils.generic import NumberObject
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import copy_into_new_writer

from schedules.signing import paper
from schedules.signing.bulletin import Bulletin, Item, Sound
from schedules.signing.checking import Question, Unfit, check
from tests.support.signing import A_YEAR, NOW, Person, person, sign

FONTS = Path(__file__).parents[4] / "server" / "web" / "static" / "vendor"
MADE = NOW - timedelta(hours=2)
WORDS = "Kính thưa bà con! Ủy ban nhân dân xã thông báo nghỉ lễ ngày 02/9. Ườ ỵ Ẵ ẩn Đ."
SOUND = Sound("vi", "ab" * 32, 63_000, WORDS, (("opus24", "cd" * 32),))
BULLETIN = Bulletin(
    "01J00000000000000000000000", 3, "Xã Bảo Nhai", "Lịch tiêm chủng", 1, 1, (Item("01J", "Lịch tiêm chủng", (SOUND,)),)
)


@pytest.fixture(scope="module")
def ours() -> bytes:
    return paper.make(BULLETIN, MADE, FONTS)


@pytest.fixture(scope="module")
def root() -> Person:
    return person("Gốc chữ ký số", authority=True)


@pytest.fixture(scope="module")
def chair(root: Person) -> Person:
    return person("Chủ tịch xã", root)


def question(pdf: bytes, ours: bytes, *anchors: Person) -> Question:
    return Question(pdf, ours, [each.pem for each in anchors], NOW + timedelta(minutes=1), MADE)


async def refusal(asked: Question) -> str:
    with pytest.raises(Unfit) as caught:
        await check(asked)
    return caught.value.code.removeprefix("schedules.")


async def test_a_signature_that_leads_to_a_configured_certificate_counts(ours: bytes, chair: Person, root: Person):
    signed = await sign(ours, chair)
    for anchors in ((root,), (chair,), (person("Khác"), root)):
        found = await check(question(signed, ours, *anchors))
        assert (found["signer"], found["issuer"], found["signed_at"]) == (
            "Chủ tịch xã",
            "Gốc chữ ký số",
            NOW.isoformat(),
        )
        assert found["anchor"] == anchors[-1].certificate.fingerprint(hashes.SHA256()).hex()


async def test_a_certificate_that_signed_itself_counts_when_it_is_configured(ours: bytes):
    alone = person("Phó chủ tịch")
    assert (await check(question(await sign(ours, alone, box=False), ours, alone)))["signer"] == "Phó chủ tịch"


async def test_a_second_signature_over_the_first_is_the_one_that_counts(ours: bytes, chair: Person, root: Person):
    twice = await sign(await sign(ours, person("Văn thư", root)), chair, field="Hai")
    assert (await check(question(twice, ours, root)))["signer"] == "Chủ tịch xã"


async def test_what_was_changed_after_signing_does_not_count(ours: bytes, chair: Person, root: Person):
    signed = await sign(ours, chair)
    flipped = bytearray(signed)
    flipped[len(ours) + 400] ^= 1
    assert await refusal(question(bytes(flipped), ours, root)) in {"signed_changed", "signed_unreadable"}
    assert await refusal(question(signed + b"\n% more\n", ours, root)) == "signed_changed"


async def test_a_page_that_was_changed_before_signing_does_not_count(ours: bytes, chair: Person, root: Person):
    writer = IncrementalPdfFileWriter(io.BytesIO(ours))
    page = writer.root["/Pages"]["/Kids"][0]
    page["/Rotate"] = NumberObject(180)
    writer.update_container(page)
    out = io.BytesIO()
    writer.write(out)
    assert await refusal(question(await sign(out.getvalue(), chair), ours, root)) == "signed_changed"


async def test_another_document_behind_our_bytes_does_not_count(ours: bytes, chair: Person, root: Person):
    """Ours would be there to the byte, and nobody who opens the file would see it."""
    other = paper.make(replace(BULLETIN, title="Khác hẳn"), MADE, FONTS)
    shift = len(ours)
    moved = re.sub(rb"(\d{10}) (\d{5}) n", lambda found: b"%010d %s n" % (int(found[1]) + shift, found[2]), other)
    moved = re.sub(rb"startxref\n(\d+)", lambda found: b"startxref\n%d" % (int(found[1]) + shift), moved)
    signed = await sign(ours + moved, chair)
    assert PdfFileReader(io.BytesIO(signed)).trailer_view["/Info"]["/Title"] == "Khác hẳn"
    assert await refusal(question(signed, ours, root)) == "signed_changed"


async def test_another_revision_does_not_count(ours: bytes, chair: Person, root: Person):
    older = paper.make(replace(BULLETIN, revision=2), MADE, FONTS)
    assert await refusal(question(await sign(older, chair), ours, root)) == "signed_other"


async def test_a_stranger_does_not_count(ours: bytes, chair: Person):
    impostor = person("Gốc chữ ký số", authority=True)
    assert await refusal(question(await sign(ours, chair), ours, impostor)) == "signed_stranger"
    assert await refusal(question(await sign(ours, chair), ours)) == "signed_stranger"


async def test_a_certificate_not_valid_when_it_signed_does_not_count(ours: bytes, root: Person):
    past = person("Hết hạn", root, start=NOW - A_YEAR, end=NOW - timedelta(days=1))
    future = person("Chưa đến hạn", root, start=NOW + timedelta(days=1))
    for who in (past, future):
        assert await refusal(question(await sign(ours, who), ours, root)) == "signed_expired"


async def test_a_time_of_signing_before_the_revision_or_ahead_of_now_does_not_count(
    ours: bytes, chair: Person, root: Person
):
    for at in (MADE - timedelta(minutes=1), NOW + timedelta(hours=3)):
        assert await refusal(question(await sign(ours, chair, at=at), ours, root)) == "signed_time"


async def test_a_certificate_an_enclosed_list_revokes_does_not_count(ours: bytes, chair: Person, root: Person):
    revoked = (
        x509.RevokedCertificateBuilder()
        .serial_number(chair.certificate.serial_number)
        .revocation_date(NOW - timedelta(days=2))
        .build()
    )
    crl = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(root.certificate.subject)
        .last_update(NOW - timedelta(days=1))
        .next_update(NOW + timedelta(days=1))
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root.key.public_key()), critical=False)
        .add_extension(x509.CRLNumber(1), critical=False)
        .add_revoked_certificate(revoked)
        .sign(root.key, hashes.SHA256())
    )
    signed = await sign(ours, chair, enclosed=crl.public_bytes(Encoding.DER))
    assert await refusal(question(signed, ours, root)) == "signed_revoked"


async def test_a_paper_nobody_signed_does_not_count(ours: bytes, root: Person):
    assert await refusal(question(ours, ours, root)) == "signed_nothing"


async def test_an_encrypted_pdf_does_not_count(ours: bytes, root: Person):
    writer = copy_into_new_writer(PdfFileReader(io.BytesIO(ours)))
    handler = StandardSecurityHandler.build_from_pw("chủ", "người đọc")
    writer._assign_security_handler(handler)
    out = io.BytesIO()
    writer.write(out)
    assert await refusal(question(out.getvalue(), ours, root)) == "signed_encrypted"


@pytest.mark.parametrize("junk", [b"", b"PK\x03\x04", b"%PDF-1.7", b"%PDF-1.7\nstartxref\n999999\n%%EOF", b"\0" * 4096])
async def test_what_is_no_pdf_is_refused_or_breaks_inside_the_worker_alone(junk: bytes, ours: bytes, root: Person):
    with pytest.raises(Exception, match=r".*") as caught:
        await check(question(junk, ours, root))
    assert not isinstance(caught.value, AssertionError)


def test_the_paper_is_the_same_whenever_it_is_made_and_another_for_every_change(ours: bytes):
    assert paper.make(BULLETIN, MADE, FONTS) == ours
    one_word = replace(SOUND, text=WORDS.replace("nghỉ", "nghĩ"))
    one_sound = replace(SOUND, sha256="ba" * 32)
    one_file = replace(SOUND, files=(("opus24", "dc" * 32),))
    changed = [
        replace(BULLETIN, items=(Item("01J", "Lịch tiêm chủng", (each,)),)) for each in (one_word, one_sound, one_file)
    ]
    changed += [
        replace(BULLETIN, play_class=2),
        replace(BULLETIN, title="Lich tiêm chủng"),
        replace(BULLETIN, composition={}),
    ]
    assert len({each.digest for each in (BULLETIN, *changed)}) == 7


def test_every_vietnamese_letter_is_printed_with_its_accents(ours: bytes):
    """The letters are found again in the page, through the table by which readers copy text out of it."""
    reader = PdfFileReader(io.BytesIO(ours))
    page = reader.root["/Pages"]["/Kids"][0]
    fonts = page["/Resources"]["/Font"]
    tables = b"".join(fonts[name]["/ToUnicode"].data for name in fonts)
    for letter in set(WORDS) - {" "}:
        assert f"<{ord(letter):04X}>".encode() in tables.upper(), letter
    assert "□".encode("utf-16-be").hex().encode() not in tables


def test_what_the_letters_cannot_print_is_said_instead_and_stays_in_the_digest():
    khmer = replace(SOUND, language="km", text="ភាសាខ្មែរ")
    said = replace(BULLETIN, items=(Item("01J", "Lịch", (khmer,)),))
    assert paper.make(said, MADE, FONTS).startswith(b"%PDF-")
    assert said.digest != replace(said, items=(Item("01J", "Lịch", (replace(khmer, text="ខ្មែរ"),)),)).digest
