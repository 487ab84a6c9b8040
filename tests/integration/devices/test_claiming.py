"""Codes by which boards make themselves known: right once, for a day, for one board, and not readable in the table."""

from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from base.errors import Conflict, LoaError, NotFound, Refused
from devices.claiming import IssuedCode, claim, issue_code
from devices.enrolment import Enrolled, described, enrol, revoke
from devices.enrolment_code import ALPHABET, EnrolmentCode, meant, proof_input
from devices.models import Cluster, Device
from tests.integration.devices.test_enrolment import SOUND
from tests.support.speakers import SmallSite

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


async def issue(site: SmallSite, device_id: str = "s2", **more: object) -> IssuedCode:
    async with site.database.writing() as session:
        return await issue_code(session, keys=site.keys, clock=site.clock, device_id=device_id, **more)  # type: ignore[arg-type]


async def bring(site: SmallSite, typed: str, key: Ed25519PrivateKey, *, proof: bytes | None = None) -> Enrolled:
    public = key.public_key().public_bytes_raw()
    if proof is None:
        proof = key.sign(proof_input(meant(typed) or "AAAAAAAAAA", public))
    async with site.database.writing() as session:
        return await claim(
            session, keys=site.keys, clock=site.clock, typed=typed, public=public, proof=proof, model="x"
        )


async def refused(site: SmallSite, typed: str, key: Ed25519PrivateKey, **more: bytes) -> str:
    with pytest.raises(LoaError) as error:
        await bring(site, typed, key, **more)
    return error.value.code


@pytest.fixture
def key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


async def test_a_board_with_a_code_becomes_the_device_and_shuts_the_old_one_out(
    site: SmallSite, key: Ed25519PrivateKey
):
    before = site.speakers["s2"].enrolled
    made = await issue(site)
    async with site.database.reading() as session:
        assert (await session.get(Device, "s2")).public == before.device.public, "a code alone changes nothing"
    enrolled = await bring(site, made.code.lower().replace("-", " "), key)
    assert enrolled.device.public == key.public_key().public_bytes_raw()
    assert enrolled.device.generation == before.device.generation + 1
    assert enrolled.secrets != before.secrets
    async with site.database.reading() as session:
        file = (await described(session, [enrolled]))["s2"].to_map(SOUND)
    assert file["keys"] == {"mac": enrolled.secrets.mac_key.hex()}
    assert file["cluster"]["id"] == "s2"


async def test_a_gateway_keeps_its_frequency_and_its_children(site: SmallSite, key: Ed25519PrivateKey):
    enrolled = await bring(site, (await issue(site, "s1")).code, key)
    assert enrolled.device.transmitter_khz == 54_300
    async with site.database.reading() as session:
        mine = await session.scalars(select(Cluster.id).where(Cluster.device_id == "s1"))
    assert set(mine) == {"s1", "w1"}


async def test_a_new_device_is_made_for_the_clusters_named(site: SmallSite, key: Ed25519PrivateKey):
    with pytest.raises(Refused, match=r"devices\.code_for_nothing"):
        await issue(site, "s9")
    enrolled = await bring(site, (await issue(site, "s9", cluster_ids=["s3"])).code, key)
    assert (enrolled.device.id, enrolled.device.generation, enrolled.device.model) == ("s9", 1, "x")


async def test_a_code_serves_one_board_which_may_ask_again(site: SmallSite, key: Ed25519PrivateKey):
    made = await issue(site)
    first = await bring(site, made.code, key)
    again = await bring(site, made.code, key)
    assert (again.device.generation, again.secrets) == (first.device.generation, first.secrets)
    assert await refused(site, made.code, Ed25519PrivateKey.generate()) == "devices.code_used"
    async with site.database.writing() as session:
        await enrol(
            session, keys=site.keys, clock=site.clock, device_id="s2", commune_id="bao-nhai", cluster_ids=["s2"]
        )
    assert await refused(site, made.code, key) == "devices.code_unknown"


async def test_a_code_runs_out_after_a_day(site: SmallSite, key: Ed25519PrivateKey):
    made = await issue(site)
    assert made.expires_at == site.clock() + timedelta(hours=24)
    site.clock.forward(hours=24)
    assert await refused(site, made.code, key) == "devices.code_expired"


async def test_wrong_codes_and_codes_replaced_or_of_a_revoked_device_are_unknown(
    site: SmallSite, key: Ed25519PrivateKey
):
    first, second = await issue(site), await issue(site)
    for wrong in (first.code, "", "AAAAA-AAAAA", "AAAAA-AAAA0", second.code[:-1], second.code + "A", "Đ" * 10):
        assert await refused(site, wrong, key) == "devices.code_unknown", wrong
    async with site.database.writing() as session:
        await revoke(session, "s2", clock=site.clock)
    assert await refused(site, second.code, key) == "devices.code_unknown"


async def test_a_revoked_board_that_came_by_code_is_not_let_in_again_by_it(site: SmallSite, key: Ed25519PrivateKey):
    made = await issue(site)
    await bring(site, made.code, key)
    async with site.database.writing() as session:
        await revoke(session, "s2", clock=site.clock)
    assert await refused(site, made.code, key) == "devices.code_unknown"
    enrolled = await bring(site, (await issue(site)).code, key)
    assert enrolled.device.revoked_at is None


async def test_nobody_enrols_a_key_that_is_not_theirs(site: SmallSite, key: Ed25519PrivateKey):
    made = await issue(site)
    another = Ed25519PrivateKey.generate()
    forged = another.sign(proof_input(meant(made.code) or "", key.public_key().public_bytes_raw()))
    assert await refused(site, made.code, key, proof=forged) == "devices.proof_wrong"
    assert await refused(site, made.code, key, proof=bytes(64)) == "devices.proof_wrong"
    await bring(site, made.code, key)


async def test_the_table_gives_no_code_away(site: SmallSite):
    made = await issue(site)
    assert len(set(made.code.replace("-", "")) - set(ALPHABET)) == 0
    async with site.database.reading() as session:
        (row,) = await session.scalars(select(EnrolmentCode))
    said = repr(row) + row.digest.hex()
    assert made.code not in said
    assert made.code.replace("-", "") not in said


@pytest.mark.parametrize(
    ("asked", "kind", "code"),
    [
        ({"device_id": "S 1"}, Refused, "devices.name_bad"),
        ({"device_id": "loa-x", "cluster_ids": ["s1"]}, Refused, "devices.name_reserved"),
        ({"cluster_ids": ["nowhere"]}, NotFound, "devices.cluster_unknown"),
        ({"cluster_ids": ["s1", "nowhere"]}, NotFound, "devices.cluster_unknown"),
    ],
)
async def test_no_code_for_what_cannot_be_enrolled(
    site: SmallSite, asked: dict[str, object], kind: type[LoaError], code: str
):
    with pytest.raises(kind) as error:
        await issue(site, **asked)  # type: ignore[arg-type]
    assert error.value.code == code


async def test_a_device_of_another_commune_is_not_taken_over(site: SmallSite):
    async with site.database.writing() as session:
        (await session.get(Device, "s2")).commune_id = "lao-cai"
    with pytest.raises(Conflict, match=r"devices\.device_foreign"):
        await issue(site)
