"""Certificates of those whose signature counts, as an administrator hands them in: PEM or DER, one at a time (pure)."""

from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from base.errors import Refused

MAX_BYTES = 16_384
MIN_RSA_BITS = 2_048
_PEM = b"-----BEGIN"


@dataclass(frozen=True, slots=True)
class Holder:
    """What a certificate says of itself. is_authority: it may sign certificates of others."""

    pem: str
    name: str
    issuer: str
    fingerprint: str
    """SHA-256 in hexadecimal."""
    not_before: datetime
    not_after: datetime
    is_authority: bool


def read_certificate(raw: bytes) -> Holder:
    """One certificate. Raises Refused: certificate_large, certificate_unreadable, certificate_weak."""
    if len(raw) > MAX_BYTES:
        raise Refused("schedules.certificate_large", limit_kib=MAX_BYTES // 1024)
    try:
        found = _load(raw)
        key = found.public_key()
        about = Holder(
            pem=found.public_bytes(Encoding.PEM).decode(),
            name=_shown(found.subject),
            issuer=_shown(found.issuer),
            fingerprint=found.fingerprint(hashes.SHA256()).hex(),
            not_before=found.not_valid_before_utc,
            not_after=found.not_valid_after_utc,
            is_authority=_is_authority(found),
        )
    except (ValueError, TypeError, x509.ExtensionNotFound, x509.DuplicateExtension) as error:
        raise Refused("schedules.certificate_unreadable") from error
    strong = isinstance(key, ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey)
    if not strong and not (isinstance(key, rsa.RSAPublicKey) and key.key_size >= MIN_RSA_BITS):
        raise Refused("schedules.certificate_weak", bits=MIN_RSA_BITS)
    return about


def _load(raw: bytes) -> x509.Certificate:
    if not raw.lstrip().startswith(_PEM):
        return x509.load_der_x509_certificate(raw)
    found = x509.load_pem_x509_certificates(raw)
    if len(found) != 1:
        raise Refused("schedules.certificate_unreadable")
    return found[0]


def _shown(name: x509.Name) -> str:
    """The common name, or the whole where there is none; never longer than a line."""
    common = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    text = str(common[0].value) if common else name.rfc4514_string()
    return "".join(letter for letter in text if letter.isprintable())[:120] or "–"


def _is_authority(found: x509.Certificate) -> bool:
    try:
        return found.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False
