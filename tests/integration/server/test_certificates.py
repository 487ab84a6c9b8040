"""The authority and the broker's certificate, as OpenSSL judges them."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from base.errors import Refused
from server.certificates import RENEW_DAYS, ensure_certificates

HOST = "loa.bao-nhai.example"
FILES = ("ca.crt", "ca.key", "server.crt", "server.key")


def now() -> datetime:
    return datetime.now(UTC)


def contents(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in FILES}


def certificate(folder: Path, name: str = "server") -> x509.Certificate:
    return x509.load_pem_x509_certificate((folder / f"{name}.crt").read_bytes())


def shake_hands(folder: Path, host: str, authority: Path | None = None) -> None:
    """A whole TLS handshake in memory. Raises ssl.SSLError when the client is not satisfied."""
    trusting = ssl.create_default_context(cafile=authority or folder / "ca.crt")
    trusting.verify_flags |= ssl.VERIFY_X509_STRICT  # what Python 3.13 and newer ask for by themselves
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(folder / "server.crt", folder / "server.key")
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = trusting.wrap_bio(to_client, to_server, server_hostname=host)
    server = serving.wrap_bio(to_server, to_client, server_side=True)
    waiting = [client, server]
    while waiting:
        for side in list(waiting):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
            waiting.remove(side)


@pytest.mark.parametrize("host", [HOST, "LOA.Example.VN", "localhost", "127.0.0.1", "10.20.30.40", "::1"])
def test_a_speaker_that_was_given_the_authority_accepts_the_broker_by_its_name(tmp_path: Path, host: str) -> None:
    assert ensure_certificates(tmp_path, host, now())
    shake_hands(tmp_path, host)


@pytest.mark.parametrize(("made_for", "reached_by"), [(HOST, "other.example"), ("127.0.0.1", "127.0.0.2")])
def test_under_another_name_it_does_not(tmp_path: Path, made_for: str, reached_by: str) -> None:
    ensure_certificates(tmp_path, made_for, now())
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(tmp_path, reached_by)


def test_another_authority_is_not_trusted(tmp_path: Path) -> None:
    for name in ("ours", "theirs"):
        ensure_certificates(tmp_path / name, HOST, now())
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(tmp_path / "ours", HOST, tmp_path / "theirs" / "ca.crt")


@pytest.mark.parametrize(
    "host", ["", " ", "mqtts://loa.example", "loa.example:8883", "họp.example", "-a.example", "a..b", "a b", "x" * 64]
)
def test_what_is_no_host_is_refused_and_nothing_is_made(tmp_path: Path, host: str) -> None:
    with pytest.raises(Refused, match=r"server\.host_wrong"):
        ensure_certificates(tmp_path / "tls", host, now())
    assert not (tmp_path / "tls").exists()


def test_keys_are_closed_to_strangers_and_the_authoritys_to_everybody_else(tmp_path: Path) -> None:
    ensure_certificates(tmp_path / "tls", HOST, now())
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "tls").iterdir()}
    assert modes == {"ca.crt": 0o640, "ca.key": 0o600, "server.crt": 0o640, "server.key": 0o640}
    assert (tmp_path / "tls").stat().st_mode & 0o777 == 0o750


def test_asked_again_it_keeps_everything(tmp_path: Path) -> None:
    ensure_certificates(tmp_path, HOST, now())
    before = contents(tmp_path)
    assert not ensure_certificates(tmp_path, HOST, now() + timedelta(days=365))
    assert contents(tmp_path) == before


def test_before_its_end_the_certificate_is_renewed_and_the_authority_kept(tmp_path: Path) -> None:
    ensure_certificates(tmp_path, HOST, now())
    before = contents(tmp_path)
    ends = certificate(tmp_path).not_valid_after_utc
    assert not ensure_certificates(tmp_path, HOST, ends - timedelta(days=RENEW_DAYS + 1))
    assert ensure_certificates(tmp_path, HOST, ends - timedelta(days=RENEW_DAYS - 1))
    after = contents(tmp_path)
    assert {name for name in FILES if before[name] == after[name]} == {"ca.crt", "ca.key"}
    assert certificate(tmp_path).not_valid_after_utc > ends
    certificate(tmp_path).verify_directly_issued_by(certificate(tmp_path, "ca"))


def test_it_never_outlives_its_authority(tmp_path: Path) -> None:
    ensure_certificates(tmp_path, HOST, now())
    end = certificate(tmp_path, "ca").not_valid_after_utc
    assert ensure_certificates(tmp_path, HOST, end - timedelta(days=400))
    assert certificate(tmp_path).not_valid_after_utc == end


def test_another_host_gets_another_certificate_of_the_same_authority(tmp_path: Path) -> None:
    ensure_certificates(tmp_path, HOST, now())
    authority = (tmp_path / "ca.crt").read_bytes()
    assert ensure_certificates(tmp_path, "127.0.0.1", now())
    assert (tmp_path / "ca.crt").read_bytes() == authority
    shake_hands(tmp_path, "127.0.0.1")


@pytest.mark.parametrize("lost", ["server.crt", "server.key"])
def test_what_a_crash_left_half_made_is_made_again(tmp_path: Path, lost: str) -> None:
    ensure_certificates(tmp_path, HOST, now())
    (tmp_path / lost).unlink()
    assert ensure_certificates(tmp_path, HOST, now())
    shake_hands(tmp_path, HOST)


def test_a_key_that_does_not_fit_its_certificate_is_replaced(tmp_path: Path) -> None:
    for name in ("a", "b"):
        ensure_certificates(tmp_path / name, HOST, now())
    (tmp_path / "a" / "server.key").write_bytes((tmp_path / "b" / "server.key").read_bytes())
    assert ensure_certificates(tmp_path / "a", HOST, now())
    shake_hands(tmp_path / "a", HOST)
