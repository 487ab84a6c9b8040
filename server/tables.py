"""Every table there is, for the migrations and for tests that make a database at once."""

from sqlmodel import SQLModel

import audio.models
import devices.couriers.models
import devices.enrolment_code
import devices.models
import schedules.approval_models
import schedules.models
import server.audit
import server.auth.models
import server.idempotency

metadata = SQLModel.metadata

__all__ = ["audio", "devices", "metadata", "schedules", "server"]
