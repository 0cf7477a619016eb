# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""From any App and any wish to a plan; its calls lead to what it predicts, and then nothing is left to do."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mlflow_app_samples import ARN, DOMAINS, NAME, OTHER_ARN, ROLE, SETTINGS, STATUSES, URI, app, wish

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._mlflow_app import (
    DEFAULT_STATUSES,
    REGISTRATION_MODES,
    MlflowApp,
    Wish,
    from_aws,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._mlflow_app_plan import (
    CREATE,
    DEFAULTS,
    DELETE,
    UPDATE,
    Around,
    make_plan,
    normal_setting,
)

if t.TYPE_CHECKING:
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._plan import Call, Plan

State: t.TypeAlias = "MlflowApp | None"

SETTING_VALUES: dict[str, tuple[t.Any, ...]] = {
    "artifact_store_uri": (URI, URI + "/", "s3://other/prefix", "s3://other/prefix/"),
    "automatic_model_registration": (True, False),
    "weekly_maintenance_window_start": ("Tue:03:30", "Sun:01:00"),
    "account_default": (True, False),
    "default_domain_ids": ([], [DOMAINS[0]], [DOMAINS[1]], [*DOMAINS[:2]], [*DOMAINS]),
}
TAGS = st.dictionaries(st.sampled_from(["Team", "aws:cloud", "sagemaker:domain-arn"]), st.sampled_from(["a", "b"]))
USER_TAGS = st.dictionaries(st.sampled_from(["Team", "New"]), st.sampled_from(["a", "b"]))
KEYS = {"alias/ours": "arn:ours", "arn:ours": "arn:ours"}


def settings(values: dict[str, tuple[t.Any, ...]]) -> st.SearchStrategy[dict[str, t.Any]]:
    """Any of these settings with any value."""
    return st.fixed_dictionaries({}, optional={option: st.sampled_from(each) for option, each in values.items()})


@st.composite
def states(draw: st.DrawFn) -> State:
    """No App, or one in any state with any settings; fields that AWS leaves out are None."""
    if draw(st.booleans()):
        return None
    optional = ("automatic_model_registration", "weekly_maintenance_window_start", "account_default")
    values = {option: (*each, None) if option in optional else each for option, each in SETTING_VALUES.items()}
    return app(
        draw(st.sampled_from(STATUSES)),
        name=draw(st.sampled_from([NAME, "renamed"])),
        kms_key_id=draw(st.sampled_from(sorted(KEYS))),
        settings=draw(settings(values)),
        tags=draw(TAGS),
    )


@st.composite
def wishes(draw: st.DrawFn) -> Wish:
    """Any wish that can create an App, and that renames it when it is not named so."""
    return wish(
        state=draw(st.sampled_from(["present", "absent"])),
        new_name=draw(st.sampled_from(["renamed", "renamed anew"])),
        name=draw(st.sampled_from([NAME, None])) and NAME,
        settings={"artifact_store_uri": URI, **draw(settings(SETTING_VALUES))},
        kms_key_id=draw(st.sampled_from([None, *KEYS])),
        tags=draw(st.none() | USER_TAGS),
        purge_tags=draw(st.booleans()),
        move_defaults=True,
        delete_data=True,
        recreate_failed=True,
    )


@st.composite
def others(draw: st.DrawFn) -> tuple[MlflowApp, ...]:
    """Up to one App beside ours, default of something perhaps."""
    values = {option: SETTING_VALUES[option] for option in ("account_default", "default_domain_ids")}
    other = app(name="studio", arn=OTHER_ARN, settings=draw(settings(values)))
    return draw(st.sampled_from([(), (other,)]))


@dataclass
class Account:
    """What AWS would make of the calls: an update sets what it leaves out to its default, and a second default is refused."""

    apps: dict[str, MlflowApp]

    def send(self, call: Call) -> None:
        """Carry one call out."""
        sent = dict(call.parameters)
        if call.operation == CREATE:
            tags = {tag["Key"]: tag["Value"] for tag in sent.pop("Tags", [])}
            made = from_aws({"Arn": ARN + "NEW", "Status": "Created", **sent}, tags)
            self._put(replace(made, mlflow_version="3.10.1"))
        elif call.operation == DELETE:
            del self.apps[sent["Arn"]]
        elif call.operation == UPDATE:
            self._update(self.apps[sent["Arn"]], sent)
        else:
            self._tag(self.apps[sent["ResourceArn"]], call.operation, sent)

    def _update(self, present: MlflowApp, sent: dict[str, t.Any]) -> None:
        shown = {
            "Status": "Updated",
            "RoleArn": present.role_arn,
            "KmsKeyId": present.kms_key_id,
            "ArtifactStoreUri": present.settings.get("artifact_store_uri"),
            "WeeklyMaintenanceWindowStart": present.settings.get("weekly_maintenance_window_start"),
            "DefaultDomainIdList": present.settings.get("default_domain_ids"),
            "AccountDefaultStatus": DEFAULT_STATUSES[bool(present.settings.get("account_default"))],
            "ModelRegistrationMode": REGISTRATION_MODES[True],
        }
        self._put(from_aws({**shown, **sent}, present.tags))

    def _put(self, made: MlflowApp) -> None:
        for other in self.apps.values():
            if other.arn != made.arn:
                assert not (other.settings["account_default"] and made.settings["account_default"]), "two defaults"
                both = set(other.settings["default_domain_ids"]) & set(made.settings["default_domain_ids"])
                assert not both, f"two defaults of {both}"
        self.apps[str(made.arn)] = made

    def _tag(self, present: MlflowApp, operation: str, sent: dict[str, t.Any]) -> None:
        tags = {key: value for key, value in (present.tags or {}).items() if key not in sent.get("TagKeys", [])}
        tags.update({tag["Key"]: tag["Value"] for tag in sent.get("Tags", [])})
        self.apps[str(present.arn)] = replace(present, tags=dict(sorted(tags.items())))


def applied(plan: Plan[State], state: State, beside: tuple[MlflowApp, ...]) -> tuple[State, Around]:
    """Our App and the others after the plan."""
    kept = () if state is None or state.is_deleting else (state,)
    account = Account({str(each.arn): each for each in (*kept, *beside)})
    for change in plan.changes:
        account.send(change.call)
    rest = tuple(account.apps.pop(str(each.arn)) for each in beside)
    return next(iter(account.apps.values()), None), Around(KEYS, rest)


def fits(state: State, beside: tuple[MlflowApp, ...]) -> bool:
    """Whether AWS could be like this: no default twice."""
    if state is None or not beside:
        return True
    ours, theirs = state.settings, beside[0].settings
    return not (
        (ours["account_default"] and theirs["account_default"])
        or set(ours["default_domain_ids"]) & set(theirs["default_domain_ids"])
    )


@given(states(), wishes(), others())
def test_a_plan_that_is_carried_out_leaves_nothing_to_do(
    state: State, wished: Wish, beside: tuple[MlflowApp, ...]
) -> None:
    beside = beside if fits(state, beside) else ()
    wished = wished if state is None or state.name in wished.names else replace(wished, name=state.name)
    plan = make_plan(wished, state, Around(KEYS, beside))
    reached, around = applied(plan, state, beside)
    again = make_plan(wished, reached, around)
    assert operations(again) == []
    assert again.before == again.after == plan.after
    if reached is not None and plan.predicted is not None:
        for option in SETTINGS:
            assert normal(reached)[option] == normal(plan.predicted)[option], option
        if wished.tags is not None:
            assert reached.tags == plan.predicted.tags


def normal(shown: MlflowApp) -> dict[str, t.Any]:
    """Settings to compare; the window is AWS's choice where nobody chose."""
    return {option: normal_setting(option, value) for option, value in shown.settings.items()}


@given(states(), wishes())
def test_an_unchanged_app_keeps_its_whole_state_once_it_has_settled(state: State, wished: Wish) -> None:
    wished = wished if state is None or state.name in wished.names else replace(wished, name=state.name)
    plan = make_plan(wished, state, Around(KEYS))
    if not plan.changed and not wished.wants_gone:
        assert plan.predicted == (state and state.settled)
        assert plan.before == plan.after


@given(states(), wishes())
def test_an_update_sends_every_setting_that_is_known(state: State, wished: Wish) -> None:
    wished = wished if state is None or state.name in wished.names else replace(wished, name=state.name)
    plan = make_plan(wished, state, Around(KEYS))
    for change in plan.changes:
        if change.call.operation == UPDATE:
            assert state is not None
            known = {option for option, value in state.settings.items() if value not in (None, [])}
            assert len(change.call.parameters) >= 2 + len(known), "an omitted setting would fall to its default"


def operations(plan: Plan[State]) -> list[str]:
    """What is called, in order."""
    return [change.call.operation for change in plan.changes]


@pytest.mark.parametrize(
    ("option", "asked", "present"),
    [
        ("artifact_store_uri", URI + "/", URI),
        ("artifact_store_uri", URI, URI + "//"),
        ("automatic_model_registration", False, None),
        ("account_default", False, None),
        ("weekly_maintenance_window_start", "Tue:03:30", "TUE:03:30"),
        ("default_domain_ids", [DOMAINS[0], DOMAINS[1]], [DOMAINS[1], DOMAINS[0]]),
        ("default_domain_ids", [], None),
    ],
)
def test_spellings_of_the_same_thing_are_no_difference(option: str, asked: t.Any, present: t.Any) -> None:
    assert not make_plan(wish(settings={option: asked}), app(settings={option: present}), Around()).changed


def test_an_update_sends_false_and_an_empty_list_where_they_are_the_wish() -> None:
    present = app(settings={"account_default": True, "default_domain_ids": [DOMAINS[0]]})
    off = {"automatic_model_registration": False, "account_default": False, "default_domain_ids": []}
    assert make_plan(wish(settings=off), present, Around()).changes[0].call.parameters == {
        "Arn": ARN,
        "Name": NAME,
        "ArtifactStoreUri": URI,
        "ModelRegistrationMode": "AutoModelRegistrationDisabled",
        "WeeklyMaintenanceWindowStart": "Tue:03:30",
        "AccountDefaultStatus": "DISABLED",
        "DefaultDomainIdList": [],
    }
    other = make_plan(wish(settings={"automatic_model_registration": False}), app(), Around())
    assert "DefaultDomainIdList" not in other.changes[0].call.parameters, "what it would do is not documented"


def test_creation_sends_what_was_asked_and_no_more() -> None:
    plan = make_plan(wish(tags={"Team": "ml"}), None, Around())
    assert plan.changes[0].call.parameters == {
        "Name": NAME,
        "RoleArn": ROLE,
        "ArtifactStoreUri": URI,
        "Tags": [{"Key": "Team", "Value": "ml"}],
    }


@pytest.mark.parametrize("start", [None, app("Deleting")])
def test_creation_predicts_all_but_what_aws_alone_knows(start: State) -> None:
    plan = make_plan(wish(tags={"Team": "ml"}, kms_key_id="alias/ours"), start, Around())
    assert plan.predicted == MlflowApp(
        name=NAME,
        arn=None,
        role_arn=ROLE,
        status="Created",
        settings={**SETTINGS, "automatic_model_registration": False, "weekly_maintenance_window_start": None},
        kms_key_id="alias/ours",
        tags={"Team": "ml"},
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"role_arn": ROLE + "-2"}, (f"role_arn is {ROLE}, wished is {ROLE}-2",)),
        ({"kms_key_id": "alias/theirs"}, ("kms_key_id is alias/ours, wished is alias/theirs",)),
        ({"role_arn": ROLE + "-2", "kms_key_id": "alias/theirs"}, ("role_arn is", "kms_key_id is")),
    ],
)
def test_what_cannot_change_in_place_is_never_replaced(changes: dict[str, str], words: tuple[str, ...]) -> None:
    around = Around({**KEYS, "alias/theirs": "arn:theirs"})
    with pytest.raises(MlflowError) as failure:
        make_plan(wish(**changes), app(kms_key_id="alias/ours"), around)
    for word in (*words, "migrate", "left alone"):
        assert word in failure.value.message
    assert failure.value.details == {"arn": ARN, "status": "Created"}


@pytest.mark.parametrize(("status", "is_refused"), [("Creating", False), ("Created", True)])
def test_a_key_that_describe_does_not_show_is_awss_own_once_the_app_exists(status: str, is_refused: bool) -> None:
    try:
        plan = make_plan(wish(kms_key_id="alias/ours"), app(status, kms_key_id=None), Around())
    except MlflowError as error:
        assert is_refused
        assert "a key that AWS owns" in error.message
    else:
        assert not (is_refused or plan.changed)


def test_a_key_that_nobody_could_look_up_is_not_the_same_as_another() -> None:
    with pytest.raises(MlflowError, match="kms_key_id is alias/gone"):
        make_plan(wish(kms_key_id="alias/ours"), app(kms_key_id="alias/gone"), Around())


def test_deletion_needs_its_second_switch() -> None:
    with pytest.raises(MlflowError, match="delete_data=true"):
        make_plan(wish(state="absent"), app(), Around())
    plan = make_plan(wish(state="absent", delete_data=True), app(), Around())
    assert (operations(plan), plan.action, plan.after, plan.predicted) == ([DELETE], "delete", None, None)
    assert operations(make_plan(wish(state="absent"), app("CreateFailed"), Around())) == [DELETE]
    assert operations(make_plan(wish(state="absent"), app("Deleting"), Around())) == []


def test_deletion_does_not_care_about_drift_nor_about_defaults() -> None:
    gone = wish(state="absent", delete_data=True, role_arn=ROLE + "-2", settings={"account_default": True})
    holder = app(arn=OTHER_ARN, settings={"account_default": True})
    assert operations(make_plan(gone, app(), Around(holders=(holder,)))) == [DELETE]


@pytest.mark.parametrize(
    ("ours", "theirs", "given_up"),
    [
        ({"account_default": True}, {"account_default": True}, {"account_default": False}),
        (
            {"default_domain_ids": [DOMAINS[0], DOMAINS[1]]},
            {"default_domain_ids": [DOMAINS[2], DOMAINS[1]]},
            {"default_domain_ids": [DOMAINS[2]]},
        ),
        ({"account_default": False}, {"account_default": True}, None),
        ({"default_domain_ids": [DOMAINS[0]]}, {"default_domain_ids": [DOMAINS[2]]}, None),
    ],
)
def test_a_default_is_given_up_before_it_is_taken(
    ours: dict[str, t.Any], theirs: dict[str, t.Any], given_up: dict[str, t.Any] | None
) -> None:
    holder = app(arn=OTHER_ARN, name="studio", settings=theirs)
    plan = make_plan(wish(settings=ours, move_defaults=True), app(), Around(holders=(holder,)))
    moved = [change for change in plan.changes if change.name == DEFAULTS]
    assert [change.after for change in moved] == ([{"arn": OTHER_ARN, **given_up}] if given_up else [])
    if given_up:
        assert [change.name for change in plan.changes] == [DEFAULTS, "settings"]
        with pytest.raises(MlflowError, match=rf"'studio' \({OTHER_ARN}\) is it already"):
            make_plan(wish(settings=ours), app(), Around(holders=(holder,)))


def test_a_name_that_is_not_the_arns_is_refused_unless_it_is_a_rename() -> None:
    with pytest.raises(MlflowError, match="is named 'theirs'"):
        make_plan(wish(arn=ARN), app(name="theirs"), Around())
    assert not make_plan(wish(arn=ARN, name="old", new_name="theirs"), app(name="theirs"), Around()).changed
    assert not make_plan(wish(arn=ARN, name=None), app(name="theirs"), Around()).changed


def test_a_diff_shows_only_what_was_asked_about() -> None:
    wished = wish(role_arn=None, settings={"account_default": True}, tags={"A": "1"})
    plan = make_plan(wished, app(tags={"B": "2"}), Around())
    assert plan.diff("App")["before"] == {"name": NAME, "account_default": False, "tags": {"B": "2"}}
    assert plan.diff("App")["after"] == {"name": NAME, "account_default": True, "tags": {"A": "1", "B": "2"}}


ALONE = Around(KEYS)
Step = tuple[str, t.Any, t.Any, str, dict[str, t.Any]]


def steps(wished: Wish, state: State, around: Around = ALONE) -> list[Step]:
    changes = make_plan(wished, state, around).changes
    assert {change.call.service for change in changes} <= {"sagemaker"}
    return [(each.name, each.before, each.after, each.call.operation, dict(each.call.parameters)) for each in changes]


def test_the_steps_of_a_creation_word_for_word() -> None:
    options = {
        "artifact_store_uri": URI,
        "automatic_model_registration": True,
        "account_default": True,
        "default_domain_ids": [DOMAINS[0]],
    }
    wished = wish(settings=options, tags={"b": "2", "a": "1"}, kms_key_id="alias/ours")
    created = {"name": NAME, "role_arn": ROLE, "kms_key_id": "alias/ours", **options, "tags": {"b": "2", "a": "1"}}
    sent = {
        "Name": NAME,
        "RoleArn": ROLE,
        "ArtifactStoreUri": URI,
        "ModelRegistrationMode": REGISTRATION_MODES[True],
        "AccountDefaultStatus": DEFAULT_STATUSES[True],
        "DefaultDomainIdList": [DOMAINS[0]],
        "KmsKeyId": "alias/ours",
        "Tags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}],
    }
    assert steps(wished, None) == [("app", None, created, CREATE, sent)]
    plan = make_plan(wished, None, Around())
    assert (plan.before, plan.after) == (None, created)
    assert "Tags" not in steps(wish(tags={}), None)[0][4]
    assert steps(wish(new_name="new"), None)[0][4]["Name"] == "new"


GONE = {"name": NAME, "arn": ARN, "role_arn": ROLE, "kms_key_id": "alias/ours", "mlflow_version": "3.10.1", **SETTINGS}


def test_the_steps_of_a_deletion_word_for_word() -> None:
    wished = wish(state="absent", delete_data=True)
    held = app(kms_key_id="alias/ours")
    before = {**GONE, "status": "Created"}
    assert steps(wished, held) == [("app", before, None, DELETE, {"Arn": ARN})]
    assert make_plan(wished, held, Around()).before == before
    nothing = make_plan(wished, None, Around())
    assert (nothing.before, nothing.after, nothing.predicted) == (None, None, None)
    with pytest.raises(MlflowError, match="is named 'theirs'"):
        make_plan(wished, app(name="theirs"), Around())


def test_what_failed_to_be_created_goes_before_it_is_created_anew() -> None:
    failed = app("CreateFailed", kms_key_id="alias/ours")
    before = {**GONE, "status": "CreateFailed"}
    delete, create = steps(wish(recreate_failed=True), failed)
    assert delete == ("app", before, None, DELETE, {"Arn": ARN})
    assert create == steps(wish(), None)[0]
    assert make_plan(wish(recreate_failed=True), failed, Around()).before == before
    with pytest.raises(
        MlflowError, match=rf"^recreate_failed: the MLflow App {ARN} cannot be .* {NAME} instead of arn"
    ) as refused:
        make_plan(wish(arn=ARN, recreate_failed=True), failed, Around())
    assert refused.value.details == {"arn": ARN, "status": "CreateFailed"}
    with pytest.raises(MlflowError, match=r"is in state CreateFailed\. .* the failed App holds no data") as refused:
        make_plan(wish(), failed, Around())
    for part in (
        f"the role {ROLE} does not",
        f"write {URI};",
        "not in us-east-1",
        "another account; the bucket is enc",
    ):
        assert part in refused.value.message
    assert refused.value.details == {"arn": ARN, "status": "CreateFailed"}


def test_the_steps_of_an_update_word_for_word() -> None:
    held = app(tags={"a": "1"}, name="old", settings={"default_domain_ids": [DOMAINS[0]], "account_default": None})
    wished = wish(
        name="old",
        new_name="new",
        settings={"weekly_maintenance_window_start": "Sun:01:00"},
        tags={"b": "2"},
        purge_tags=True,
    )
    sent = {
        "Arn": ARN,
        "Name": "new",
        "ArtifactStoreUri": URI,
        "ModelRegistrationMode": REGISTRATION_MODES[True],
        "WeeklyMaintenanceWindowStart": "Sun:01:00",
        "AccountDefaultStatus": DEFAULT_STATUSES[False],
        "DefaultDomainIdList": [DOMAINS[0]],
    }
    assert steps(wished, held) == [
        ("tags", {}, {"b": "2"}, "add_tags", {"ResourceArn": ARN, "Tags": [{"Key": "b", "Value": "2"}]}),
        ("tags", {"a": "1"}, {}, "delete_tags", {"ResourceArn": ARN, "TagKeys": ["a"]}),
        (
            "settings",
            {"name": "old", "weekly_maintenance_window_start": "Tue:03:30"},
            {"name": "new", "weekly_maintenance_window_start": "Sun:01:00"},
            UPDATE,
            sent,
        ),
    ]
    plan = make_plan(wished, held, Around())
    shown = {"name": "old", "role_arn": ROLE, "weekly_maintenance_window_start": "Tue:03:30", "tags": {"a": "1"}}
    after = {**shown, "name": "new", "weekly_maintenance_window_start": "Sun:01:00", "tags": {"b": "2"}}
    assert (plan.before, plan.after) == (shown, after)
    assert plan.predicted is not None
    assert (plan.predicted.name, plan.predicted.status, plan.predicted.tags) == ("new", "Updated", {"b": "2"})
    renamed = steps(wish(name="old", new_name="new", settings={}), held)
    assert [step[1:3] for step in renamed] == [({"name": "old"}, {"name": "new"})]


def test_what_another_app_gives_up_word_for_word() -> None:
    holder = app(
        arn=OTHER_ARN, name="studio", settings={"account_default": True, "default_domain_ids": [DOMAINS[1], DOMAINS[0]]}
    )
    idle = app(arn=OTHER_ARN.replace("BBBB", "CCCC"), name="idle")
    options = {"account_default": True, "default_domain_ids": [DOMAINS[0]], "artifact_store_uri": URI}
    wished = wish(settings=options, move_defaults=True)
    before = {"arn": OTHER_ARN, "account_default": True, "default_domain_ids": [DOMAINS[0], DOMAINS[1]]}
    after = {"arn": OTHER_ARN, "account_default": False, "default_domain_ids": [DOMAINS[1]]}
    sent = {
        "Arn": OTHER_ARN,
        "Name": "studio",
        "ArtifactStoreUri": URI,
        "ModelRegistrationMode": REGISTRATION_MODES[True],
        "WeeklyMaintenanceWindowStart": "Tue:03:30",
        "AccountDefaultStatus": DEFAULT_STATUSES[False],
        "DefaultDomainIdList": [DOMAINS[1]],
    }
    around = Around(holders=(idle, holder))
    for state, last in ((app(), "settings"), (None, "app")):
        found = steps(wished, state, around)
        assert found[0] == (DEFAULTS, before, after, UPDATE, sent)
        assert [step[0] for step in found] == [DEFAULTS, last]
    with pytest.raises(MlflowError) as refused:
        make_plan(replace(wished, move_defaults=False), app(), around)
    assert refused.value.message == (
        f"The MLflow App '{NAME}' cannot become the default: 'studio' ({OTHER_ARN}) is it already (account_default and "
        "default_domain_ids). AWS does not document what becomes of the present default then. Set move_defaults=true, and this "
        "run takes it from there first."
    )
    ours = app(settings={"account_default": True, "default_domain_ids": [DOMAINS[0]]})
    assert steps(wished, ours, around) == []


def test_an_app_that_is_known_by_an_arn_only_is_not_created() -> None:
    with pytest.raises(MlflowError, match=rf"^There is no MLflow App {ARN}. AWS chooses the ARN of a new App"):
        make_plan(wish(arn=ARN), None, Around())
    with pytest.raises(
        MlflowError, match=rf"^The MLflow App '{NAME}' does not exist in us-east-1, and .* needs artifact_store_uri"
    ):
        make_plan(wish(settings={}), None, Around())
    with pytest.raises(MlflowError, match="creating it needs role_arn"):
        make_plan(wish(role_arn=None), None, Around())


def test_a_refusal_tells_the_app_that_was_seen() -> None:
    seen = {"arn": ARN, "status": "Created"}
    with pytest.raises(MlflowError, match=rf"^The MLflow App '{NAME}' would be deleted") as refused:
        make_plan(wish(state="absent"), app(), Around())
    assert refused.value.details == seen
    with pytest.raises(MlflowError, match=f"name: theirs, new_name: {NAME}") as refused:
        make_plan(wish(arn=ARN), app(name="theirs"), Around())
    assert refused.value.details == seen
    with pytest.raises(
        MlflowError, match=rf"^The MLflow App '{NAME}' differs in .* an App with another name"
    ) as refused:
        make_plan(wish(role_arn=ROLE + "-2", kms_key_id="alias/ours"), app(), Around())
    assert refused.value.details == seen
    assert "; kms_key_id is a key that AWS owns, wished is alias/ours" in refused.value.message


@pytest.mark.parametrize("present", [None, ROLE])
def test_a_role_that_is_not_shown_or_not_wished_is_no_difference(present: str | None) -> None:
    assert make_plan(wish(), app(role_arn=present), Around()).changes == ()
    assert make_plan(wish(role_arn=None), app(role_arn=present), Around()).changes == ()


def test_one_key_by_two_names() -> None:
    held = app(kms_key_id="arn:ours")
    assert make_plan(wish(kms_key_id="alias/ours"), held, Around(KEYS)).changes == ()
    shown = make_plan(wish(kms_key_id="alias/ours"), held, Around(KEYS)).before or {}
    assert shown["kms_key_id"] == "alias/ours"


def test_a_window_that_aws_chose_is_left_to_it() -> None:
    held = app(settings={"weekly_maintenance_window_start": None, "default_domain_ids": None})
    sent = steps(wish(settings={"account_default": True}), held)[0][4]
    assert "WeeklyMaintenanceWindowStart" not in sent
    assert "DefaultDomainIdList" not in sent


def test_every_app_that_stands_in_the_way_is_named() -> None:
    holders = tuple(
        app(arn=OTHER_ARN[:-1] + name, name=name, settings={"default_domain_ids": [domain]})
        for name, domain in zip("ab", DOMAINS[:2], strict=True)
    )
    with pytest.raises(MlflowError, match=r"already \(default_domain_ids\); 'b' \("):
        make_plan(wish(settings={"default_domain_ids": [*DOMAINS[:2]]}), app(), Around(holders=holders))
