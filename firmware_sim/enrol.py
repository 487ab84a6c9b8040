"""Enrolment by code from the board's side: a key of its own, one question to the server, one file written."""

import hashlib
import ipaddress
import json
import os
import secrets
import socket
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from base.errors import Refused, Unavailable
from firmware_sim import settings

TIMEOUT_S = 30.0
MAX_ANSWER_BYTES = 1 << 20
BOARD_TABLES = ("battery", "clock", "courier", "duty", "local", "player", "site", "storage", "transmitter")
"""What a file about the board may say; who it is and whom it obeys comes from the server alone."""
CA_NAME = "ca.crt"
_ENGLISH = {"Accept-Language": "en"}
"""The command line speaks English, and so shall a refusal."""


def enrol(server: str, code: str, config: Path, *, board: Path | None = None, plain: bool = False) -> str:
    """Write the device file; gives the fingerprint of the keys the board will obey.

    Asked again after an answer that was lost, the board brings the same key, and the same code still serves.
    plain: send the code without TLS beyond the local network too. Raises Refused, Unavailable.
    """
    _check_way(server, plain=plain)
    fittings = {} if board is None else _read_board(board)
    seed = _own_seed(config)
    answer = _ask(server, code, Ed25519PrivateKey.from_private_bytes(seed))
    try:
        known = {**answer["device_file"]}
        known["keys"] = {**known["keys"], "seed": seed.hex()}
        authority = answer.get("ca")
    except (KeyError, TypeError) as error:
        raise Unavailable("firmware.enrol_answer", server=server, problem="not a device file") from error
    for table, values in fittings.items():
        known[table] = {**known.get(table, {}), **values}
    settings.checked(known, str(config))
    if authority is not None:
        write_durably(config.parent / CA_NAME, str(authority))
    write_durably(config, json.dumps(known, ensure_ascii=False, indent=1) + "\n")
    _seed_path(config).unlink(missing_ok=True)
    return fingerprint(known["trust"])


def fingerprint(trust: list[Mapping[str, str]]) -> str:
    """Sixteen digits of the SHA-256 over `kid public` of every key in the file, a line each, in order of the kids."""
    lines = "".join(f"{kid} {public}\n" for kid, public in sorted((key["kid"], key["public"]) for key in trust))
    digits = hashlib.sha256(lines.encode("ascii")).hexdigest()[:16].upper()
    return "-".join(digits[at : at + 4] for at in range(0, 16, 4))


def write_durably(path: Path, text: str) -> None:
    """Whole and readable by us alone, or not at all, even through a power cut."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _seed_path(config: Path) -> Path:
    return config.with_name(f".{config.name}.seed")


def _own_seed(config: Path) -> bytes:
    """The private key of a try that was not answered, or a new one; on the disk before its public half is told."""
    path = _seed_path(config)
    try:
        seed = bytes.fromhex(path.read_text("ascii"))
    except (OSError, ValueError):
        seed = b""
    if len(seed) != 32:
        seed = secrets.token_bytes(32)
        write_durably(path, seed.hex())
    return seed


def _ask(server: str, code: str, key: Ed25519PrivateKey) -> dict[str, Any]:
    plain_code = code.upper().replace("-", "").replace(" ", "")
    public = key.public_key().public_bytes_raw()
    try:
        said = b"loa/1/enrol\0" + plain_code.encode("ascii") + b"\0" + public
    except UnicodeEncodeError as error:
        raise Refused("firmware.enrol_refused", server=server, problem="the code has strange characters") from error
    body = {"code": plain_code, "public": public.hex(), "proof": key.sign(said).hex(), "model": settings.MODEL}
    try:
        answer = httpx.post(f"{server.rstrip('/')}/enrol", json=body, timeout=TIMEOUT_S, headers=_ENGLISH)
        found = answer.json() if len(answer.content) <= MAX_ANSWER_BYTES else None
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise Unavailable("firmware.enrol_answer", server=server, problem=str(error) or repr(error)) from error
    if not isinstance(found, dict):
        raise Unavailable("firmware.enrol_answer", server=server, problem=f"status {answer.status_code}")
    if answer.status_code != 200:
        problem = str(found.get("detail", f"status {answer.status_code}"))[:500]
        raise Refused("firmware.enrol_refused", server=server, problem=problem)
    return found


def _check_way(server: str, *, plain: bool) -> None:
    """Whoever listens in could take the code and the board's place: without TLS only on the local network."""
    address = urlsplit(server)
    if address.scheme not in {"http", "https"} or not address.hostname:
        raise Refused("firmware.enrol_refused", server=server, problem="this is no http(s) address")
    if address.scheme == "http" and not plain and not _is_local(address.hostname):
        raise Refused("firmware.enrol_plain", server=server)


def _is_local(host: str) -> bool:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError as error:
        raise Unavailable("firmware.enrol_answer", server=host, problem=error.strerror or str(error)) from error
    return all(ipaddress.ip_address(str(each[4][0]).partition("%")[0]).is_private for each in found)


def _read_board(board: Path) -> dict[str, dict[str, Any]]:
    """What is fitted to the board. Raises Refused: firmware.settings_missing, firmware.settings_invalid."""
    try:
        found = tomllib.loads(board.read_text("utf-8"))
    except OSError as error:
        raise Refused("firmware.settings_missing", file=str(board), problem=error.strerror or str(error)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Refused("firmware.settings_invalid", file=str(board), field="the whole", problem=str(error)) from error
    for name, values in found.items():
        if name not in BOARD_TABLES or not isinstance(values, dict):
            problem = f"only {', '.join(BOARD_TABLES)} may be here"
            raise Refused("firmware.settings_invalid", file=str(board), field=name, problem=problem)
    return found
