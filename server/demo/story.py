"""What the demo's people do, each signed in as themselves, through the same API everybody uses."""

from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import httpx

from base.errors import Unavailable
from base.ids import new_id

LANGUAGE = "vi"
TITLE = "Thông báo thử hệ thống truyền thanh"
TEXT = (
    "Đây là đài truyền thanh xã Bảo Nhai. Hôm nay, xã chạy thử hệ thống truyền thanh thông minh tại ba mươi tám thôn. "
    "Bà con nghe rõ xin báo lại cho trưởng thôn. Xin cảm ơn bà con đã lắng nghe."
)


@dataclass(frozen=True, slots=True)
class Aired:
    """A broadcast under way."""

    occurrence_id: str
    title: str


class Story:
    """A person at the API. Use as an async context manager."""

    def __init__(self, base_url: str, place_id: str, password: str) -> None:
        self._place_id = place_id
        self._password = password
        self._http = httpx.AsyncClient(base_url=f"{base_url}/api/v1", timeout=60)
        self._tokens: dict[str, str] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def sign_in(self, *logins: str) -> None:
        """Let these people in."""
        for login in logins:
            answer = await self._http.post(
                "/session", json={"login": login, "password": self._password, "name": "loa demo"}
            )
            self._tokens[login] = _checked(answer).json()["token"]

    async def announcement(
        self, operator: str, approver: str, title: str = TITLE, text: str = TEXT, *, play_class: int = 1
    ) -> str:
        """An announcement, approved: spoken and written the first time, found again later."""
        found = await self._get(operator, "/announcements", place_id=self._place_id, state="approved")
        for each in found["items"]:
            if each["title"] == title:
                known: str = each["id"]
                return known
        spoken = await self._post(
            operator, "/assets/speech", place_id=self._place_id, title=title, text=text, language=LANGUAGE
        )
        written = await self._post(
            operator,
            "/announcements",
            place_id=self._place_id,
            title=title,
            versions={LANGUAGE: spoken["id"]},
            play_class=play_class,
        )
        announcement_id: str = written["id"]
        await self._post(operator, f"/announcements/{announcement_id}/submit")
        await self._post(approver, f"/announcements/{announcement_id}/approve")
        return announcement_id

    async def broadcast(self, operator: str, announcement_id: str) -> Aired:
        """Put it on air in the whole commune."""
        aired = await self._post(operator, "/broadcasts", announcement_id=announcement_id)
        return Aired(aired["id"], aired["title"])

    async def schedule(self, operator: str, announcement_id: str, rule: dict[str, Any]) -> None:
        """Let it be heard by a rule, in the whole commune."""
        await self._post(operator, "/schedules", announcement_id=announcement_id, **rule)

    async def schedule_titles(self, viewer: str) -> set[str]:
        """What has a schedule here."""
        found = await self._get(viewer, "/schedules", place_id=self._place_id)
        return {each["title"] for each in found["items"]}

    async def occurrence(self, viewer: str, occurrence_id: str) -> dict[str, Any]:
        """Where a broadcast stands, with counts per state and the start skew."""
        return await self._get(viewer, f"/occurrences/{occurrence_id}")

    async def fleet(self, viewer: str) -> dict[str, Any]:
        """How many clusters are online or reachable."""
        return await self._get(viewer, f"/places/{self._place_id}/fleet")

    async def first_start(self, viewer: str, occurrence_id: str) -> str | None:
        """The moment (ISO 8601) the first cluster says it began; None before any did."""
        found = await self.deliveries(viewer, occurrence_id)
        return min((each["started_at"] for each in found.values() if each["started_at"]), default=None)

    async def deliveries(self, viewer: str, occurrence_id: str) -> dict[str, dict[str, Any]]:
        """Cluster → what is proved of a broadcast there, for the first hundred clusters."""
        page = await self._get(viewer, f"/occurrences/{occurrence_id}/deliveries", limit=100)
        return {each["cluster_id"]: each for each in page["items"]}

    async def emergency(self, starter: str, key: str, status: str = "actual") -> dict[str, Any]:
        """Start an emergency in the whole place from one of its templates."""
        templates = await self._get(starter, f"/places/{self._place_id}/emergency-templates")
        template_id = next(each["id"] for each in templates["items"] if each["key"] == key)
        return await self._post(starter, "/emergencies", template_id=template_id, status=status)

    async def end_emergency(self, starter: str, emergency_id: str, how: str) -> dict[str, Any]:
        """`stop` it silently, or give the `all-clear`."""
        return await self._post(starter, f"/emergencies/{emergency_id}/{how}")

    async def _get(self, login: str, path: str, **query: str | int) -> dict[str, Any]:
        answer = _checked(await self._http.get(path, params=query, headers=self._headers(login)))
        found: dict[str, Any] = answer.json()
        return found

    async def _post(self, login: str, path: str, **body: Any) -> dict[str, Any]:
        answer = _checked(await self._http.post(path, json=body or None, headers=self._headers(login)))
        made: dict[str, Any] = answer.json()
        return made

    def _headers(self, login: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._tokens[login]}", "Idempotency-Key": new_id()}


def _checked(answer: httpx.Response) -> httpx.Response:
    """The answer, if it is a good one. Raises Unavailable("server.demo_refused") with the server's own reason."""
    if answer.is_success:
        return answer
    try:
        reason = str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        reason = answer.text[:200]
    raise Unavailable("server.demo_refused", path=answer.url.path, status=answer.status_code, reason=reason)
