"""A certificate authority of our own and the broker's certificate, for speakers that reach it over TLS."""

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
from cryptography.x509.oid import NameOID

from server.broker import write_files

AUTHORITY_DAYS = 3650
SERVER_DAYS = 730
RENEW_DAYS = 60


def ensure_certificates(folder: Path, host: str, now: datetime) -> bool:
    """Make ca.crt, ca.key, server.crt and server.key for `host` in `folder`; False when what is there still serves.

    The authority is made once: devices carry its certificate. The server's is renewed 60 days before it ends.
    """
    folder.mkdir(mode=0o750, parents=True, exist_ok=True)
    if not (folder / "ca.crt").exists():
        _make_authority(folder, now)
    if _still_serves(folder / "server.crt", host, now):
        return False
    _make_server(folder, host, now)
    return True


def _make_authority(folder: Path, now: datetime) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name("Loa authority")
    builder = _certificate(name, name, key.public_key(), now, AUTHORITY_DAYS)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    _write(folder, "ca", builder.sign(key, SHA256()), key)


def _make_server(folder: Path, host: str, now: datetime) -> None:
    authority = x509.load_pem_x509_certificate((folder / "ca.crt").read_bytes())
    authority_key = load_pem_private_key((folder / "ca.key").read_bytes(), None)
    if not isinstance(authority_key, ec.EllipticCurvePrivateKey):
        raise TypeError("ca.key is not an elliptic-curve key")
    key = ec.generate_private_key(ec.SECP256R1())
    builder = _certificate(_name(host), authority.subject, key.public_key(), now, SERVER_DAYS)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(x509.SubjectAlternativeName([_alternative(host)]), critical=False)
    _write(folder, "server", builder.sign(authority_key, SHA256()), key)
    for name in ("server.crt", "server.key", "ca.crt"):
        (folder / name).chmod(0o640)


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, days: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=days))
    )


def _still_serves(path: Path, host: str, now: datetime) -> bool:
    if not path.exists():
        return False
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return _alternative(host) in names and certificate.not_valid_after_utc > now + timedelta(days=RENEW_DAYS)


def _write(folder: Path, name: str, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    write_files(folder, {f"{name}.key": private, f"{name}.crt": certificate.public_bytes(Encoding.PEM).decode()})


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common[:64])])


def _alternative(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)
