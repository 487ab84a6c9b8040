"""Queries on the rules of approval, the certificates of those who sign, and signed bulletins."""

from collections.abc import Collection

from sqlalchemy import inspect
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defer
from sqlmodel import col, select

from schedules.approval_models import ApproverRule, BulletinSignature, SignerCertificate


async def rules(session: AsyncSession, place_ids: Collection[str]) -> list[ApproverRule]:
    """The rules of these places, of every class."""
    query = select(ApproverRule).where(col(ApproverRule.place_id).in_(place_ids))
    return list(await session.scalars(query.order_by(col(ApproverRule.play_class))))


async def rule(session: AsyncSession, place_id: str, play_class: int) -> ApproverRule | None:
    """A place's own rule for a class, locked."""
    key = (place_id, play_class)
    return await session.get(ApproverRule, key, with_for_update=True, populate_existing=True)


async def certificates(
    session: AsyncSession, place_ids: Collection[str], *, retired: bool = False
) -> list[SignerCertificate]:
    """Certificates of these places, oldest first; with `retired` also those that count no more."""
    query = select(SignerCertificate).where(col(SignerCertificate.place_id).in_(place_ids))
    if not retired:
        query = query.where(col(SignerCertificate.retired_at).is_(None))
    return list(await session.scalars(query.order_by(col(SignerCertificate.id))))


async def certificate(session: AsyncSession, certificate_id: str) -> SignerCertificate | None:
    """One certificate, locked."""
    return await session.get(SignerCertificate, certificate_id, with_for_update=True, populate_existing=True)


async def signatures(session: AsyncSession, announcement_id: str) -> list[BulletinSignature]:
    """The signed bulletins of an announcement, newest first, without their PDFs, which are megabytes."""
    query = select(BulletinSignature).where(col(BulletinSignature.announcement_id) == announcement_id)
    query = query.options(defer(inspect(BulletinSignature).attrs.pdf.class_attribute))
    return list(await session.scalars(query.order_by(col(BulletinSignature.id).desc())))


async def signature(session: AsyncSession, signature_id: str) -> BulletinSignature | None:
    """One signed bulletin, with its PDF."""
    return await session.get(BulletinSignature, signature_id, populate_existing=True)
