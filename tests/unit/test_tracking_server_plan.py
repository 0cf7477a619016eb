# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""From any start and any wish to a plan; the plan leads to what it predicts, and then nothing is left to do."""

from __future__ import annotations

import typing as t
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tracking_server_samples import ACCOUNT, ARN, NAME, ROLE, SETTINGS, STATUSES, URI, server, wish

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._tracking_server import TrackingServer, Wish
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._tracking_server_plan import (
    CREATE,
    DELETE,
    START,
    STOP,
    UPDATE,
    make_plan,
)

if t.TYPE_CHECKING:
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._plan import Plan

State: t.TypeAlias = "TrackingServer | None"

SETTING_VALUES: dict[str, tuple[t.Any, ...]] = {
    "artifact_store_uri": (URI, URI + "/", "s3://other/prefix", "s3://other/prefix/"),
    "tracking_server_size": ("Small", "Medium", "Large"),
    "automatic_model_registration": (True, False),
    "weekly_maintenance_window_start": ("Tue:03:30", "Sun:01:00"),
    "s3_bucket_owner_account_id": (ACCOUNT, "210987654321"),
    "s3_bucket_owner_verification": (True, False),
}
TAGS = st.dictionaries(
    st.sampled_from(["Team", "Project", "aws:cloud", "sagemaker:domain-arn"]), st.sampled_from(["a", "b"])
)
USER_TAGS = st.dictionaries(st.sampled_from(["Team", "Project", "New"]), st.sampled_from(["a", "b"]))


def settings(values: dict[str, tuple[t.Any, ...]]) -> st.SearchStrategy[dict[str, t.Any]]:
    """Any of these settings with any value."""
    return st.fixed_dictionaries({}, optional={option: st.sampled_from(each) for option, each in values.items()})


@st.composite
def states(draw: st.DrawFn) -> State:
    """No server, or one in any state with any settings; fields that AWS leaves out are None."""
    if draw(st.booleans()):
        return None
    values = {option: (*each, None) for option, each in SETTING_VALUES.items() if option != "artifact_store_uri"}
    return server(
        draw(st.sampled_from(STATUSES)),
        is_active=draw(st.booleans()),
        settings=draw(settings({**values, "artifact_store_uri": SETTING_VALUES["artifact_store_uri"]})),
        tags=draw(TAGS),
    )


@st.composite
def wishes(draw: st.DrawFn) -> Wish:
    """Any wish that can create a server."""
    return wish(
        state=draw(st.sampled_from(["present", "absent", "started", "stopped"])),
        settings={"artifact_store_uri": URI, **draw(settings(SETTING_VALUES))},
        mlflow_version=draw(st.sampled_from([None, "3.0"])),
        tags=draw(st.none() | USER_TAGS),
        purge_tags=draw(st.booleans()),
        delete_data=True,
        recreate_failed=True,
        update_stopped=draw(st.sampled_from(["try", "start_first"])),
    )


def operations(plan: Plan[State]) -> list[str]:
    """What is called, in order."""
    return [change.call.operation for change in plan.changes]


@given(states(), wishes())
def test_after_a_plan_nothing_is_left_to_do(state: State, wished: Wish) -> None:
    plan = make_plan(wished, state)
    again = make_plan(wished, plan.predicted)
    assert operations(again) == []
    assert again.before == again.after == plan.after


@given(states(), wishes())
def test_an_unchanged_server_keeps_its_whole_state_once_it_has_settled(state: State, wished: Wish) -> None:
    plan = make_plan(wished, state)
    if not plan.changed and not wished.wants_gone:
        assert plan.predicted == (state and state.settled)
        assert plan.before == plan.after


@given(states(), wishes())
def test_an_update_sends_every_changeable_setting(state: State, wished: Wish) -> None:
    plan = make_plan(wished, state)
    for change in plan.changes:
        if change.call.operation == UPDATE:
            assert state is not None
            known = {option for option, value in state.settings.items() if value is not None}
            assert len(change.call.parameters) >= 1 + len(known), "an omitted setting would fall to its default"


@given(states(), wishes())
def test_tags_of_aws_stay(state: State, wished: Wish) -> None:
    plan = make_plan(wished, state)
    if state is not None and plan.predicted is not None and wished.tags is not None and UPDATE not in operations(plan):
        foreign = {key: value for key, value in (state.tags or {}).items() if ":" in key}
        if not state.is_deleting and not state.never_was:
            assert foreign.items() <= (plan.predicted.tags or {}).items()


@given(states(), wishes())
def test_the_order_is_tags_settings_power(state: State, wished: Wish) -> None:
    ranks = {"tags": 0, "settings": 1, "state": 2}
    plan = make_plan(wished, state)
    names = [change.name for change in plan.changes if change.name in ranks]
    if wished.update_stopped == "try":
        assert names == sorted(names, key=ranks.__getitem__)


@pytest.mark.parametrize("option", SETTING_VALUES)
def test_each_setting_changes_alone(option: str) -> None:
    value = next(each for each in reversed(SETTING_VALUES[option]) if each != SETTINGS[option])
    plan = make_plan(wish(settings={option: value}), server())
    assert [change.report() for change in plan.changes] == [
        {
            "name": "settings",
            "action": "update",
            "before": {option: SETTINGS[option]},
            "after": {option: value.rstrip("/") if isinstance(value, str) else value},
        }
    ]
    parameters = dict(plan.changes[0].call.parameters)
    assert value in parameters.values()
    assert len(parameters) == 1 + len(SETTINGS)


def test_a_false_is_sent() -> None:
    plan = make_plan(wish(settings={"automatic_model_registration": False}), server())
    assert plan.changes[0].call.parameters["AutomaticModelRegistration"] is False


@pytest.mark.parametrize(
    ("option", "asked", "present"),
    [
        ("artifact_store_uri", URI + "/", URI),
        ("artifact_store_uri", URI, URI + "//"),
        ("automatic_model_registration", False, None),
        ("s3_bucket_owner_verification", True, None),
        ("s3_bucket_owner_account_id", ACCOUNT, None),
        ("tracking_server_size", "Small", None),
        ("weekly_maintenance_window_start", "Tue:03:30", "TUE:03:30"),
    ],
)
def test_spellings_of_the_same_thing_are_no_difference(option: str, asked: t.Any, present: t.Any) -> None:
    assert not make_plan(wish(settings={option: asked}), server(settings={option: present})).changed


def test_a_uri_that_only_differs_by_its_slash_is_not_rewritten_by_another_change() -> None:
    wished = wish(settings={"artifact_store_uri": URI, "tracking_server_size": "Large"})
    plan = make_plan(wished, server(settings={"artifact_store_uri": URI + "/"}))
    assert plan.changes[0].call.parameters["ArtifactStoreUri"] == URI + "/"


@pytest.mark.parametrize("status", ["Creating", "Created"])
def test_what_describe_leaves_out_is_no_reason_to_refuse(status: str) -> None:
    present = server(status, mlflow_version=None, role_arn=None)
    assert not make_plan(wish(mlflow_version="3.0"), present).changed


@pytest.mark.parametrize("reported", ["3.0.0", "3.0", "3.0.12"])
def test_a_version_is_compared_by_major_and_minor(reported: str) -> None:
    assert not make_plan(wish(mlflow_version="3.0"), server(mlflow_version=reported)).changed


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"mlflow_version": "2.16"}, ("mlflow_version is 3.0.0, wished is 2.16",)),
        ({"role_arn": ROLE + "-2"}, (f"role_arn is {ROLE}, wished is {ROLE}-2",)),
        ({"role_arn": ROLE + "-2", "mlflow_version": "3.10"}, ("role_arn is", "mlflow_version is 3.0.0")),
    ],
)
@pytest.mark.parametrize("state", ["present", "started", "stopped"])
def test_what_cannot_change_in_place_is_never_replaced(
    state: str, changes: dict[str, str], words: tuple[str, ...]
) -> None:
    with pytest.raises(MlflowError) as failure:
        make_plan(wish(state=state, **changes), server())
    for word in (*words, "migrate", "left alone"):
        assert word in failure.value.message
    assert failure.value.details["tracking_server_arn"] == ARN


def test_deletion_needs_its_second_switch() -> None:
    with pytest.raises(MlflowError, match="delete_data=true"):
        make_plan(wish(state="absent"), server())
    plan = make_plan(wish(state="absent", delete_data=True), server())
    assert (operations(plan), plan.action, plan.after, plan.predicted) == ([DELETE], "delete", None, None)


def test_deletion_asks_for_nothing_when_there_is_nothing_to_lose() -> None:
    assert operations(make_plan(wish(state="absent"), None)) == []
    assert operations(make_plan(wish(state="absent"), server("Deleting"))) == []
    assert operations(make_plan(wish(state="absent"), server("CreateFailed"))) == [DELETE]


def test_deletion_does_not_care_about_drift() -> None:
    gone = wish(state="absent", delete_data=True, mlflow_version="2.16", role_arn=ROLE + "-2")
    assert operations(make_plan(gone, server())) == [DELETE]


def test_a_failed_creation_is_explained() -> None:
    with pytest.raises(MlflowError) as failure:
        make_plan(wish(), server("CreateFailed"))
    for cause in ("sagemaker.amazonaws.com", URI, "us-east-1", "another account", "KMS", "recreate_failed=true"):
        assert cause in failure.value.message


def test_a_failed_creation_can_be_repeated() -> None:
    plan = make_plan(wish(recreate_failed=True, state="stopped"), server("CreateFailed"))
    assert operations(plan) == [DELETE, CREATE, STOP]
    assert [change.action for change in plan.changes] == ["delete", "create", "update"]


@pytest.mark.parametrize(
    ("wished_state", "expected", "status", "is_active"),
    [
        ("present", [CREATE], "Created", True),
        ("started", [CREATE], "Created", True),
        ("stopped", [CREATE, STOP], "Stopped", False),
    ],
)
@pytest.mark.parametrize("start", [None, server("Deleting")])
def test_creation(start: State, wished_state: str, expected: list[str], status: str, is_active: bool) -> None:
    plan = make_plan(wish(state=wished_state, tags={"Team": "ml"}), start)
    assert operations(plan) == expected
    assert plan.action == "create"
    assert plan.predicted == TrackingServer(
        name=NAME,
        arn=ARN,
        role_arn=ROLE,
        status=status,
        is_active=is_active,
        settings={
            **SETTINGS,
            "automatic_model_registration": False,
            "weekly_maintenance_window_start": None,
        },
        mlflow_version="3.0",
        tags={"Team": "ml"},
    )


def test_creation_sends_what_was_asked_and_no_more() -> None:
    plan = make_plan(wish(tags={"Team": "ml"}), None)
    assert plan.changes[0].call.parameters == {
        "TrackingServerName": NAME,
        "RoleArn": ROLE,
        "ArtifactStoreUri": URI,
        "MlflowVersion": "3.0",
        "Tags": [{"Key": "Team", "Value": "ml"}],
    }


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({"role_arn": None}, "role_arn"),
        ({"settings": {}}, "artifact_store_uri"),
        ({"role_arn": None, "settings": {}}, "artifact_store_uri and role_arn"),
    ],
)
def test_creation_names_what_it_lacks(changes: dict[str, t.Any], missing: str) -> None:
    with pytest.raises(MlflowError) as failure:
        make_plan(wish(**changes), None)
    assert failure.value.message.endswith(f"creating it needs {missing}.")


@pytest.mark.parametrize("status", [status for status in STATUSES if status not in ("CreateFailed", "Deleting")])
@pytest.mark.parametrize("is_active", [True, False])
def test_power_is_decided_by_isactive(status: str, is_active: bool) -> None:
    present = server(status, is_active=is_active)
    assert operations(make_plan(wish(state="present"), present)) == []
    assert operations(make_plan(wish(state="started"), present)) == ([] if present.will_be_active else [START])
    assert operations(make_plan(wish(state="stopped"), present)) == ([STOP] if present.will_be_active else [])


@pytest.mark.parametrize(
    ("wished_state", "update_stopped", "expected"),
    [
        ("present", "try", [UPDATE]),
        ("stopped", "try", [UPDATE]),
        ("started", "try", [UPDATE, START]),
        ("present", "start_first", [START, UPDATE, STOP]),
        ("stopped", "start_first", [START, UPDATE, STOP]),
        ("started", "start_first", [START, UPDATE]),
    ],
)
def test_changing_a_stopped_server(wished_state: str, update_stopped: str, expected: list[str]) -> None:
    wished = wish(state=wished_state, update_stopped=update_stopped, settings={"tracking_server_size": "Large"})
    plan = make_plan(wished, server("Stopped"))
    assert operations(plan) == expected
    assert plan.predicted is not None
    assert plan.predicted.is_active == (wished_state == "started")


def test_a_diff_shows_only_what_was_asked_about() -> None:
    wished = wish(role_arn=None, mlflow_version=None, settings={"tracking_server_size": "Large"}, tags={"A": "1"})
    present = replace(server(), tags={"B": "2"})
    plan = make_plan(wished, present)
    assert plan.diff("tracking server")["before"] == {"name": NAME, "tracking_server_size": "Small", "tags": {"B": "2"}}
    assert plan.diff("tracking server")["after"] == {
        "name": NAME,
        "tracking_server_size": "Large",
        "tags": {"A": "1", "B": "2"},
    }


@pytest.mark.parametrize(
    ("present", "asked", "purge", "expected"),
    [
        ({"A": "1"}, {"A": "1"}, True, []),
        ({"A": "1"}, {"A": "2"}, False, ["add_tags"]),
        ({"A": "1"}, {"B": "2"}, True, ["add_tags", "delete_tags"]),
        ({"A": "1"}, {}, True, ["delete_tags"]),
        ({"A": "1"}, {}, False, []),
        ({"AmazonDataZoneProject": "p", "sagemaker:x": "y"}, {}, True, []),
    ],
)
def test_tags(present: dict[str, str], asked: dict[str, str], purge: bool, expected: list[str]) -> None:
    plan = make_plan(wish(tags=asked, purge_tags=purge), server(tags=present))
    assert operations(plan) == expected


Step = tuple[str, t.Any, t.Any, str, dict[str, t.Any]]
NAMED = {"TrackingServerName": NAME}


def steps(wished: Wish, state: State) -> list[Step]:
    changes = make_plan(wished, state).changes
    assert {change.call.service for change in changes} <= {"sagemaker"}
    return [(each.name, each.before, each.after, each.call.operation, dict(each.call.parameters)) for each in changes]


def test_the_steps_of_a_creation_word_for_word() -> None:
    options = {"artifact_store_uri": URI, "tracking_server_size": "Large", "s3_bucket_owner_verification": False}
    wished = wish(state="stopped", settings=options, tags={"b": "2", "a": "1"})
    created = {
        "name": NAME,
        "role_arn": ROLE,
        "mlflow_version": "3.0",
        **options,
        "tags": {"b": "2", "a": "1"},
        "state": "started",
    }
    sent = {
        **NAMED,
        "RoleArn": ROLE,
        "ArtifactStoreUri": URI,
        "TrackingServerSize": "Large",
        "S3BucketOwnerVerification": False,
        "MlflowVersion": "3.0",
        "Tags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}],
    }
    stop: Step = ("state", "started", "stopped", STOP, NAMED)
    assert steps(wished, None) == [("server", None, created, CREATE, sent), stop]
    assert make_plan(wished, None).after == {**created, "state": "stopped"}
    assert make_plan(wished, None).before is None
    least = steps(wish(mlflow_version=None, tags={}), None)[0][4]
    assert least == {**NAMED, "RoleArn": ROLE, "ArtifactStoreUri": URI}


def test_defaults_of_aws_are_predicted() -> None:
    predicted = make_plan(wish(), None).predicted
    assert predicted is not None
    assert predicted.settings == {
        "artifact_store_uri": URI,
        "tracking_server_size": "Small",
        "automatic_model_registration": False,
        "weekly_maintenance_window_start": None,
        "s3_bucket_owner_account_id": ACCOUNT,
        "s3_bucket_owner_verification": True,
    }


GONE = {"name": NAME, "role_arn": ROLE, "mlflow_version": "3.0.0", **SETTINGS}


def test_the_steps_of_a_deletion_word_for_word() -> None:
    wished = wish(state="absent", delete_data=True)
    before = {**GONE, "tracking_server_status": "Created"}
    assert steps(wished, server()) == [("server", before, None, DELETE, NAMED)]
    assert make_plan(wished, server()).before == before
    nothing = make_plan(wished, None)
    assert (nothing.before, nothing.after, nothing.predicted) == (None, None, None)


def test_what_failed_to_be_created_goes_before_it_is_created_anew() -> None:
    wished = wish(recreate_failed=True)
    failed = server("CreateFailed")
    before = {**GONE, "tracking_server_status": "CreateFailed"}
    delete, create = steps(wished, failed)
    assert delete == ("server", before, None, DELETE, NAMED)
    assert create == steps(wished, None)[0]
    assert make_plan(wished, failed).before == before


UPDATING = wish(
    state="started",
    update_stopped="try",
    settings={"tracking_server_size": "Large", "weekly_maintenance_window_start": "Sun:01:00"},
    tags={"b": "2"},
    purge_tags=True,
)
TO_UPDATE = server("Stopped", tags={"a": "1"})
OLD = {"tracking_server_size": "Small", "weekly_maintenance_window_start": "Tue:03:30"}
NEW = {"tracking_server_size": "Large", "weekly_maintenance_window_start": "Sun:01:00"}


def test_the_steps_of_an_update_word_for_word() -> None:
    sent = {
        **NAMED,
        "ArtifactStoreUri": URI,
        "TrackingServerSize": "Large",
        "AutomaticModelRegistration": True,
        "WeeklyMaintenanceWindowStart": "Sun:01:00",
        "S3BucketOwnerAccountId": ACCOUNT,
        "S3BucketOwnerVerification": True,
    }
    assert steps(UPDATING, TO_UPDATE) == [
        ("tags", {}, {"b": "2"}, "add_tags", {"ResourceArn": ARN, "Tags": [{"Key": "b", "Value": "2"}]}),
        ("tags", {"a": "1"}, {}, "delete_tags", {"ResourceArn": ARN, "TagKeys": ["a"]}),
        ("settings", OLD, NEW, UPDATE, sent),
        ("state", "stopped", "started", START, NAMED),
    ]


def test_the_diff_of_an_update_word_for_word() -> None:
    plan = make_plan(UPDATING, TO_UPDATE)
    named = {"name": NAME, "role_arn": ROLE, "mlflow_version": "3.0"}
    assert plan.before == {**named, **OLD, "tags": {"a": "1"}, "state": "stopped"}
    assert plan.after == {**named, **NEW, "tags": {"b": "2"}, "state": "started"}
    assert plan.predicted is not None
    assert (plan.predicted.status, plan.predicted.is_active, plan.predicted.tags) == ("Started", True, {"b": "2"})


@pytest.mark.parametrize(
    ("wished_state", "held", "status"), [("started", "Stopped", "Started"), ("stopped", "Created", "Stopped")]
)
def test_power_alone(wished_state: str, held: str, status: str) -> None:
    wished = wish(state=wished_state)
    before, after = ("stopped", "started") if status == "Started" else ("started", "stopped")
    call = START if status == "Started" else STOP
    assert steps(wished, server(held)) == [("state", before, after, call, NAMED)]
    plan = make_plan(wished, server(held))
    assert ((plan.before or {})["state"], (plan.after or {})["state"]) == (before, after)
    assert plan.predicted is not None
    assert (plan.predicted.status, plan.predicted.is_active) == (status, status == "Started")


def test_an_update_alone_ends_as_updated() -> None:
    wished = wish(settings={"tracking_server_size": "Large"})
    for held, active in (("Created", True), ("Stopped", False)):
        predicted = make_plan(wished, server(held)).predicted
        assert predicted is not None
        assert (predicted.status, predicted.is_active) == ("Updated", active)
        assert predicted.settings == {**SETTINGS, "tracking_server_size": "Large"}


def test_what_describe_leaves_out_is_shown_by_its_default() -> None:
    wished = wish(
        settings=dict.fromkeys(
            ("tracking_server_size", "automatic_model_registration", "s3_bucket_owner_account_id"), "other"
        )
    )
    bare = server(mlflow_version=None, settings=dict.fromkeys(SETTINGS))
    before = make_plan(wished, bare).before or {}
    assert before["mlflow_version"] == ""
    assert (before["tracking_server_size"], before["automatic_model_registration"]) == ("Small", False)
    assert before["s3_bucket_owner_account_id"] == ACCOUNT
    assert make_plan(wish(settings={"weekly_maintenance_window_start": None}), bare).changes == ()


LAST_SEEN = {"tracking_server_arn": ARN, "tracking_server_status": "Created"}


def test_a_refusal_tells_the_server_that_was_seen() -> None:
    with pytest.raises(MlflowError, match=rf"^The tracking server '{NAME}' would be deleted") as refused:
        make_plan(wish(state="absent"), server())
    assert refused.value.details == LAST_SEEN
    with pytest.raises(
        MlflowError, match=rf"^The tracking server '{NAME}' differs in .* a server with another name"
    ) as refused:
        make_plan(wish(role_arn=ROLE + "-2", mlflow_version="2.16"), server())
    assert refused.value.details == LAST_SEEN
    assert f"role_arn is {ROLE}, wished is {ROLE}-2; mlflow_version is 3.0.0, wished is 2.16" in refused.value.message
    with pytest.raises(MlflowError, match=r"is in state CreateFailed\. .* the failed server holds no data") as refused:
        make_plan(wish(), server("CreateFailed"))
    assert refused.value.details == {**LAST_SEEN, "tracking_server_status": "CreateFailed"}
    for part in (f"the role {ROLE} does not", f"write {URI};", "not in us-east-1"):
        assert part in refused.value.message
    with pytest.raises(MlflowError, match=rf"^The tracking server '{NAME}' does not exist in us-east-1, and"):
        make_plan(wish(role_arn=None), None)


def test_a_server_that_goes_away_is_shown_in_normal_form() -> None:
    bare = server(settings={**dict.fromkeys(SETTINGS), "artifact_store_uri": URI + "/"})
    assert make_plan(wish(state="absent", delete_data=True), bare).before == {
        **GONE,
        "tracking_server_status": "Created",
        "automatic_model_registration": False,
        "weekly_maintenance_window_start": None,
    }
