"""The way of an announcement to air: draft → submitted → approved or returned → archived (pure).

Source: commune leadership approves before air (provincial rules of Huế and Vĩnh Phúc).
"""

from enum import StrEnum

from base.errors import Conflict
from schedules.models import AnnouncementState as State


class Action(StrEnum):
    """What a person may do to an announcement."""

    CREATE = "create"
    EDIT = "edit"
    SUBMIT = "submit"
    APPROVE = "approve"
    SEND_BACK = "send_back"
    ARCHIVE = "archive"


TRANSITIONS: dict[tuple[State, Action], State] = {
    (State.DRAFT, Action.EDIT): State.DRAFT,
    (State.DRAFT, Action.SUBMIT): State.SUBMITTED,
    (State.DRAFT, Action.ARCHIVE): State.ARCHIVED,
    (State.SUBMITTED, Action.EDIT): State.DRAFT,
    (State.SUBMITTED, Action.APPROVE): State.APPROVED,
    (State.SUBMITTED, Action.SEND_BACK): State.RETURNED,
    (State.SUBMITTED, Action.ARCHIVE): State.ARCHIVED,
    (State.RETURNED, Action.EDIT): State.DRAFT,
    (State.RETURNED, Action.SUBMIT): State.SUBMITTED,
    (State.RETURNED, Action.ARCHIVE): State.ARCHIVED,
    # What was approved is what is heard: any change needs approval again.
    (State.APPROVED, Action.EDIT): State.DRAFT,
    (State.APPROVED, Action.ARCHIVE): State.ARCHIVED,
}
"""Every step there is; an archived announcement takes none, and creating is not a step from anywhere."""


def after(state: State, action: Action) -> State:
    """The state after a step. Raises Conflict("schedules.step_not_possible")."""
    following = TRANSITIONS.get((state, action))
    if following is None:
        raise Conflict("schedules.step_not_possible", state=state.value, action=action.value)
    return following


def possible(state: State) -> tuple[Action, ...]:
    """The steps an announcement in this state can take."""
    return tuple(action for (of, action) in TRANSITIONS if of is state)
