"""Every step from every state, allowed or refused."""

import itertools

import pytest

from base.errors import Conflict
from schedules import approval
from schedules.approval import Action
from schedules.models import AnnouncementState as State

ALLOWED = {
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
    (State.APPROVED, Action.EDIT): State.DRAFT,
    (State.APPROVED, Action.ARCHIVE): State.ARCHIVED,
}


@pytest.mark.parametrize(("state", "action"), list(itertools.product(State, Action)))
def test_a_step_leads_where_the_table_says_or_is_refused(state: State, action: Action):
    if (state, action) in ALLOWED:
        assert approval.after(state, action) is ALLOWED[state, action]
        return
    with pytest.raises(Conflict) as refusal:
        approval.after(state, action)
    assert refusal.value.code == "schedules.step_not_possible"
    assert refusal.value.params == {"state": state.value, "action": action.value}


def test_only_an_approver_s_step_leads_to_approved():
    leading = {action for (_, action), following in approval.TRANSITIONS.items() if following is State.APPROVED}
    assert leading == {Action.APPROVE}


def test_possible_steps_are_those_of_the_table():
    assert set(approval.possible(State.SUBMITTED)) == {
        Action.EDIT,
        Action.APPROVE,
        Action.SEND_BACK,
        Action.ARCHIVE,
    }
    assert approval.possible(State.ARCHIVED) == ()
