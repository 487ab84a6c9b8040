"""A certificate authority of our own and the broker's certificate, for speakers that reach it over TLS."""

import re
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from base.errors import Refused
from server.files import OWNER_AND_GROUP, OWNER_ONLY, write_files

AUTHORITY_DAYS = 7300
"""Longer than a speaker lives: changing the authority means a visit to every cluster."""
SERVER_DAYS = 3650
"""Its key lies beside the authority's, so a short life would protect nothing; and in two years nobody may be there."""
RENEW_DAYS = 60
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"(?=.{{1,253}}$){_LABEL}(?:\.{_LABEL})*", re.IGNORECASE)


def ensure_certificates(folder: Path, host: str, now: datetime) -> bool:
    """Make ca.crt, ca.key, server.crt and server.key for `host` in `folder`; False when what is there still serves.

    The authority is made once: devices carry its certificate. The server's is renewed 60 days before it ends.
    Raises Refused("server.host_wrong").
    """
    alternative = _alternative(host)
    folder.mkdir(mode=0o750, parents=True, exist_ok=True)
    if not (folder / "ca.crt").exists():
        _make_authority(folder, now)
    authority = x509.load_pem_x509_certificate((folder / "ca.crt").read_bytes())
    if _still_serves(folder, authority, alternative, now):
        return False
    _make_server(folder, authority, alternative, now)
    return True


def _make_authority(folder: Path, now: datetime) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name("Loa authority")
    builder = _certificate(name, name, key.public_key(), now, now + timedelta(days=AUTHORITY_DAYS))
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_usage(authority=True), critical=True)
    _write(folder, "ca", builder.sign(key, SHA256()), key, key_mode=OWNER_ONLY)


def _make_server(folder: Path, authority: x509.Certificate, alternative: x509.GeneralName, now: datetime) -> None:
    signing = _elliptic_key(folder / "ca.key")
    key = ec.generate_private_key(ec.SECP256R1())
    ends = min(now + timedelta(days=SERVER_DAYS), authority.not_valid_after_utc)
    builder = _certificate(_name(str(alternative.value)), authority.subject, key.public_key(), now, ends)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_usage(authority=False), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    builder = builder.add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key())
    builder = builder.add_extension(issuer, critical=False)
    _write(folder, "server", builder.sign(signing, SHA256()), key, key_mode=OWNER_AND_GROUP)


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, ends: datetime
) -> x509.CertificateBuilder:
    """What both have. Python 3.13 and newer refuse a chain whose certificates do not identify their keys."""
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(ends)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


def _still_serves(folder: Path, authority: x509.Certificate, alternative: x509.GeneralName, now: datetime) -> bool:
    """Whether the certificate there is for this host, of this authority, has time left, and fits the key beside it."""
    try:
        certificate = x509.load_pem_x509_certificate((folder / "server.crt").read_bytes())
        key = _elliptic_key(folder / "server.key")
        certificate.verify_directly_issued_by(authority)
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except Exception:  # noqa: BLE001 - missing, cut short, or another authority's: whatever it is, it does not serve
        return False
    lasts = certificate.not_valid_after_utc > now + timedelta(days=RENEW_DAYS)
    return lasts and alternative in names and certificate.public_key() == key.public_key()


def _elliptic_key(path: Path) -> ec.EllipticCurvePrivateKey:
    key = load_pem_private_key(path.read_bytes(), None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError(f"{path.name} is not an elliptic-curve key")
    return key


def _write(
    folder: Path, name: str, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey, *, key_mode: int
) -> None:
    """The key first: a certificate without its key would look finished."""
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    write_files(folder, {f"{name}.key": private}, key_mode)
    write_files(folder, {f"{name}.crt": certificate.public_bytes(Encoding.PEM).decode()}, OWNER_AND_GROUP)


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common[:64])])


def _alternative(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        if _HOST.fullmatch(host) is None:
            raise Refused("server.host_wrong", host=host[:64]) from None
        return x509.DNSName(host.lower())
