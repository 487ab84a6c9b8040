"""The tables of people, what they may do where, and how they are signed in."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Column, Enum, LargeBinary
from sqlmodel import Field, SQLModel

from base.columns import moment_column

EVERYWHERE = "*"
"""The place of a grant that covers every place there is; no place can have this name."""


class Role(StrEnum):
    """What someone is to a place; see `server.auth.permissions` for what each may do."""

    OPERATOR = "operator"
    APPROVER = "approver"
    TECHNICIAN = "technician"
    COURIER = "courier"
    EMERGENCY = "emergency"
    ADMINISTRATOR = "administrator"


_ROLE = Enum(Role, native_enum=False, length=24, values_callable=lambda members: [m.value for m in members])


class User(SQLModel, table=True):
    """A person who signs in. must_change: the password was given by someone else and opens nothing but its change."""

    __tablename__ = "user_account"

    id: str = Field(primary_key=True, max_length=26)
    name: str = Field(max_length=120)
    login: str = Field(max_length=64, unique=True)
    password_hash: str
    must_change: bool = False
    language: str | None = Field(default=None, max_length=8)
    disabled: bool = False
    created_at: datetime = Field(sa_column=moment_column(nullable=False))


class RoleGrant(SQLModel, table=True):
    """A role at a place, which covers all places below it."""

    __tablename__ = "role_grant"

    user_id: str = Field(primary_key=True, foreign_key="user_account.id")
    role: Role = Field(sa_column=Column(_ROLE, primary_key=True))
    place_id: str = Field(primary_key=True, max_length=48)


class LoginSession(SQLModel, table=True):
    """A browser that is signed in. Only the SHA-256 of its cookie is kept; `csrf` goes into every form."""

    __tablename__ = "login_session"

    token_hash: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    user_id: str = Field(foreign_key="user_account.id", index=True)
    csrf: str = Field(max_length=64)
    address: str = Field(default="", max_length=64)
    created_at: datetime = Field(sa_column=moment_column(nullable=False))
    seen_at: datetime = Field(sa_column=moment_column(nullable=False))
    expires_at: datetime = Field(sa_column=moment_column(nullable=False, index=True))


class ApiToken(SQLModel, table=True):
    """A bearer token of a program that acts for a person. Only its SHA-256 is kept."""

    __tablename__ = "api_token"

    token_hash: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    user_id: str = Field(foreign_key="user_account.id", index=True)
    name: str = Field(default="", max_length=120)
    created_at: datetime = Field(sa_column=moment_column(nullable=False))
    expires_at: datetime = Field(sa_column=moment_column(nullable=False, index=True))
