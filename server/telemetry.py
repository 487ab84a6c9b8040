"""What the server says of itself: structured logs, one line a request with its id, and Prometheus metrics."""

import logging
import sys
import time

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from base.ids import new_id
from server.errors import unexpected
from server.settings import LogSettings

_log = structlog.get_logger("server.request")
_QUIET_PATHS = ("/static/", "/healthz", "/metrics")
REQUEST_ID_HEADER = "X-Request-Id"


def configure_logging(settings: LogSettings) -> None:
    """Everything, other libraries' messages too, as one kind of line on standard error."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    as_json = settings.format == "json"
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if as_json
        # Plain tracebacks: the rich ones show local variables, and with them secrets.
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    )
    last: list[structlog.typing.Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if as_json:
        last.append(structlog.processors.format_exc_info)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=[*last, renderer]))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.level.upper())
    for chatty in ("uvicorn.access", "alembic", "httpx", "httpcore"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


class Metrics:
    """The figures of one server, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        here = self.registry
        labels = ["method", "route", "status"]
        self.requests = Counter("loa_http_requests", "HTTP requests answered", labels, registry=here)
        self.request_seconds = Histogram("loa_http_request_seconds", "Time to answer", ["route"], registry=here)
        self.content_bytes = Counter("loa_content_bytes", "Bytes of content handed to connections", registry=here)
        self.published = Counter("loa_messages_published", "Messages handed to the broker", ["topic"], registry=here)
        why = ["kind", "reason"]
        self.refused = Counter("loa_messages_refused", "Messages from devices refused", why, registry=here)
        self.received = Gauge("loa_messages_received", "Messages from devices since the start", ["kind"], registry=here)
        self.devices = Gauge("loa_devices", "Devices by presence", ["presence"], registry=here)
        self.broker_up = Gauge("loa_broker_connected", "Whether the broker is reached", registry=here)
        self.watchers = Gauge("loa_pages_watching", "Pages open with live updates", registry=here)
        self.tick_seconds = Histogram("loa_tick_seconds", "Time of a periodic job", ["job"], registry=here)


class RequestLog:
    """Gives every request an id, logs and measures it, and answers what nobody foresaw."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        identity = new_id()
        scope.setdefault("state", {})["request_id"] = identity
        status = 0

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message.setdefault("headers", []).append((REQUEST_ID_HEADER.lower().encode(), identity.encode()))
            await send(message)

        began = time.perf_counter()
        with structlog.contextvars.bound_contextvars(request_id=identity):
            try:
                await self._app(scope, receive, noting)
            except Exception as error:
                _log.exception("request.failed", path=scope["path"])
                if status:
                    raise  # half an answer is out: only breaking the connection tells the truth
                await unexpected(Request(scope), identity, error)(scope, receive, noting)
            finally:
                self._note(scope, status, time.perf_counter() - began)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "unknown")
        self._metrics.requests.labels(scope["method"], route, status).inc()
        self._metrics.request_seconds.labels(route).observe(seconds)
        if not scope["path"].startswith(_QUIET_PATHS):
            _log.info("request", method=scope["method"], path=scope["path"], status=status, ms=round(seconds * 1000, 1))
