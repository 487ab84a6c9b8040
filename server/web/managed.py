"""A cluster that somebody may manage, and its controller."""

from base.errors import NotFound
from devices.views import ClusterView
from server.auth.permissions import Permission
from server.web.page import Page


async def managed_cluster(page: Page, cluster_id: str) -> ClusterView:
    """Raises NotFound, Forbidden."""
    async with page.runtime.database.reading() as session:
        view = await page.runtime.devices.cluster(session, cluster_id)
    page.me.require(Permission.MANAGE_CLUSTERS, view.cluster.commune_id)
    return view


def device_of(view: ClusterView) -> str:
    """Raises NotFound for a cluster that has no controller yet."""
    if view.cluster.device_id is None:
        raise NotFound("devices.device_unknown", device_id=view.cluster.id)
    return view.cluster.device_id
