"""The tables of who approves, and of signed bulletins."""

from datetime import datetime
from typing import Any

from sqlmodel import Field, SQLModel

from base.columns import json_column, moment_column


class ApproverRule(SQLModel, table=True):
    """Who may approve a class of content in a place and all below that has no rule of its own. signed: with a PDF."""

    __tablename__ = "approver_rule"

    place_id: str = Field(primary_key=True, max_length=48)
    play_class: int = Field(primary_key=True)
    roles: list[str] = Field(default_factory=list, sa_column=json_column())
    other_than_author: bool = False
    signed: bool = False


class SignerCertificate(SQLModel, table=True):
    """A certificate that signatures of bulletins of a place, and of all below, may lead to."""

    __tablename__ = "signer_certificate"

    id: str = Field(primary_key=True, max_length=26)
    place_id: str = Field(index=True, max_length=48)
    name: str
    pem: str
    added_by: str
    added_at: datetime = Field(sa_column=moment_column(nullable=False))
    retired_at: datetime | None = Field(default=None, sa_column=moment_column())


class BulletinSignature(SQLModel, table=True):
    """A signed PDF of an announcement's revision, as it was uploaded, and what was found when it was checked."""

    __tablename__ = "bulletin_signature"

    id: str = Field(primary_key=True, max_length=26)
    announcement_id: str = Field(foreign_key="announcement.id", index=True)
    revision: int
    sha256: str = Field(max_length=64)
    pdf: bytes
    verdict: dict[str, Any] = Field(default_factory=dict, sa_column=json_column())
    signer: str = ""
    signed_at: datetime | None = Field(default=None, sa_column=moment_column())
    by: str
    at: datetime = Field(sa_column=moment_column(nullable=False))
