"""People with keys and certificates of the test's own, and PDFs signed with them as an approver's tool does it."""

import io
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from asn1crypto import crl as asn1_crl
from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import SimpleSigner, signers
from pyhanko.sign.fields import SigFieldSpec
from pyhanko.sign.validation import DocumentSecurityStore
from pyhanko_certvalidator.registry import SimpleCertificateStore

NOW = datetime.now(UTC).replace(microsecond=0)
A_YEAR = timedelta(days=365)
_NOWHERE = x509.DistributionPoint([x509.UniformResourceIdentifier("http://crl.invalid/list.crl")], None, None, None)
"""Where certificates say their list of the revoked is; nobody may ask there."""


@dataclass(frozen=True)
class Person:
    """Somebody with a key and its certificate."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(Encoding.PEM).decode()

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)


def person(
    name: str,
    issuer: Person | None = None,
    *,
    authority: bool = False,
    start: datetime = NOW - A_YEAR,
    end: datetime = NOW + A_YEAR,
) -> Person:
    """Somebody new; without an issuer self-signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    by, with_key = (subject, key) if issuer is None else (issuer.certificate.subject, issuer.key)
    usage = dict.fromkeys(
        ("key_encipherment", "data_encipherment", "key_agreement", "encipher_only", "decipher_only"), False
    )
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=True,
                content_commitment=not authority,
                key_cert_sign=authority,
                crl_sign=authority,
                **usage,
            ),
            critical=True,
        )
        .add_extension(x509.CRLDistributionPoints([_NOWHERE]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(with_key.public_key()), critical=False)
    )
    return Person(made.sign(with_key, hashes.SHA256()), key)


async def sign(
    pdf: bytes,
    who: Person,
    *,
    at: datetime = NOW,
    field: str = "Duyet",
    box: bool = True,
    enclosed: bytes = b"",
) -> bytes:
    """The PDF signed by somebody, by an update behind what is there. box: with a visible picture.

    enclosed: a list of revoked certificates that comes along in the file.
    """
    private = who.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    signer = SimpleSigner(
        signing_cert=asn1_x509.Certificate.load(who.der),
        signing_key=asn1_keys.PrivateKeyInfo.load(private),
        cert_registry=SimpleCertificateStore(),
    )
    metadata = signers.PdfSignatureMetadata(field_name=field, md_algorithm="sha256", reason="Duyệt")
    spec = SigFieldSpec(field, box=(300, 60, 520, 120) if box else None)
    pdf_signer = _At(metadata, signer=signer, new_field_spec=spec, at=at)
    out, writer = io.BytesIO(), IncrementalPdfFileWriter(io.BytesIO(pdf))
    if enclosed:
        revoked = asn1_crl.CertificateList.load(enclosed)
        DocumentSecurityStore.supply_dss_in_writer(writer, None, crls=[revoked])
    await pdf_signer.async_sign_pdf(writer, output=out)
    return out.getvalue()


class _At(signers.PdfSigner):
    """Signs at a moment of the test's own."""

    def __init__(self, *args: object, at: datetime, **more: object) -> None:
        super().__init__(*args, **more)  # type: ignore[arg-type] # handed through
        self._at = at

    def init_signing_session(self, *args: object, **more: object) -> object:  # type: ignore[override] # handed through
        session = super().init_signing_session(*args, **more)  # type: ignore[arg-type] # handed through
        session.system_time = self._at
        return session
