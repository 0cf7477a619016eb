# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which App is meant, by name and by ARN; renaming; whose default it is; which key is meant."""

from __future__ import annotations

import time
import typing as t
from concurrent.futures import ThreadPoolExecutor

import pytest
from mlflow_app_account import DOMAIN, NAME, OTHER_DOMAIN, Account
from tracking_server_account import URI

if t.TYPE_CHECKING:
    from local_region import LocalRegion
    from module_run import Modules

LIST = "sagemaker:ListMlflowApps"
CREATE = "sagemaker:CreateMlflowApp"
UPDATE = "sagemaker:UpdateMlflowApp"
DELETE = "sagemaker:DeleteMlflowApp"
OTHER = "studio"
PATIENCE = 15.0
"""Seconds that a test waits for a run to get on."""
HOUR = 3600.0
"""Seconds that an update takes on AWS's own clock: for ever, unless the test moves the clock."""


@pytest.fixture
def account(region: LocalRegion, modules: Modules) -> Account:
    """An account with a role and two buckets, and room for many Apps."""
    region.configure(app_quota=50)
    return Account(region, modules)


@pytest.mark.parametrize("state", ["present", "absent"])
def test_two_apps_of_one_name_are_listed_and_nothing_is_done(account: Account, state: str) -> None:
    arns = [account.create(), account.create()]
    account.region.configure(fail_next={"app_update": True})
    account.sagemaker.update_mlflow_app(Arn=arns[1], ModelRegistrationMode="AutoModelRegistrationDisabled")
    account.region.clear_log()
    message = account.fail(state=state, delete_data=True, automatic_model_registration=True)
    for word in (*arns, "Created", "UpdateFailed", "created 20", "by its arn"):
        assert word in message
    assert account.region.writes() == []


def test_one_of_two_is_meant_by_its_arn(account: Account) -> None:
    first, second = account.create(), account.create()
    run = account.converge(arn=second, name=NAME, automatic_model_registration=True)
    assert (run.writes, run.result["arn"]) == ([UPDATE], second)
    assert account.described(first)["ModelRegistrationMode"] == "AutoModelRegistrationDisabled"
    assert account.converge(arn=second, state="absent", delete_data=True).writes == [DELETE]
    assert [app["Arn"] for app in account.apps()] == [first]


def test_an_arn_and_a_name_that_does_not_fit_are_a_mistake(account: Account) -> None:
    arn = account.create()
    account.region.clear_log()
    wishes: tuple[dict[str, t.Any], ...] = ({}, {"state": "absent", "delete_data": True})
    for options in wishes:
        message = account.fail(arn=arn, name="another", **options)
        assert f"is named '{NAME}', not 'another'" in message
    assert account.region.writes() == []


def test_a_name_is_found_behind_many_pages_and_ghosts(account: Account) -> None:
    """Ghosts and others are newer, so that the App is on the last page."""
    account.region.configure(list_page_size=2)
    arn = account.create()
    for _number in range(3):
        account.sagemaker.delete_mlflow_app(Arn=account.create())
        account.create(OTHER)
    run = account.converge(automatic_model_registration=True)
    assert run.result["arn"] == arn


def test_a_live_app_goes_before_one_that_is_being_deleted(account: Account) -> None:
    going = account.create()
    account.region.configure(delays={"app_delete": 60})
    account.sagemaker.delete_mlflow_app(Arn=going)
    live = account.create()
    assert account.converge(automatic_model_registration=True).result["arn"] == live


@pytest.mark.parametrize("unique", [False, True])
def test_a_deletion_under_way_is_waited_for_before_creating_anew(account: Account, unique: bool) -> None:
    account.region.configure(delays={"app_delete": 0.3}, app_names_unique=unique, app_quota=1)
    going = account.create()
    account.sagemaker.delete_mlflow_app(Arn=going)
    run = account.converge(**account.full())
    assert run.writes == [CREATE]
    assert run.result["arn"] != going


def test_a_deletion_under_way_is_waited_for_when_it_is_the_wish(account: Account) -> None:
    account.region.configure(delays={"app_delete": 0.3})
    arn = account.create()
    account.sagemaker.delete_mlflow_app(Arn=arn)
    run = account.run(state="absent")
    assert (run.changed, run.writes, account.described(arn)["Status"]) == (False, [], "Deleted")


@pytest.mark.parametrize("by_arn", [False, True])
def test_rename_and_rename_again(account: Account, by_arn: bool) -> None:
    arn = account.create()
    options = {"new_name": "renamed", **({"arn": arn, "name": NAME} if by_arn else {})}
    run = account.converge(**options)
    assert (run.writes, run.result["arn"], run.result["name"]) == ([UPDATE], arn, "renamed")
    assert run.result["changes"][0]["after"] == {"name": "renamed"}
    assert account.described()["Name"] == "renamed"
    assert not account.converge(name="renamed").changed


def test_a_name_that_nobody_has_is_created_under_the_new_one(account: Account) -> None:
    run = account.converge(**account.full(new_name="renamed"))
    assert (run.writes, account.described()["Name"]) == ([CREATE], "renamed")


@pytest.mark.parametrize("by_arn", [False, True])
def test_a_name_that_another_app_has_is_refused(account: Account, by_arn: bool) -> None:
    arn, other = account.create(), account.create("renamed")
    account.region.clear_log()
    identity: dict[str, t.Any] = {"arn": arn} if by_arn else {}
    message = account.fail(new_name="renamed", **identity)
    assert message.startswith("new_name: ")
    assert other in message
    assert account.region.writes() == []


def test_an_app_to_be_deleted_is_not_renamed(account: Account) -> None:
    assert account.fail(state="absent", new_name="renamed").startswith("new_name: an App that must be absent")


@pytest.mark.parametrize("moves", [True, False])
@pytest.mark.parametrize("exists", [True, False])
def test_a_default_that_another_app_is_is_not_taken_unasked(account: Account, exists: bool, moves: bool) -> None:
    account.region.configure(app_defaults_move=moves)
    holder = account.create(OTHER, AccountDefaultStatus="ENABLED", DefaultDomainIdList=[DOMAIN])
    if exists:
        account.create()
    account.region.clear_log()
    message = account.fail(**account.full(account_default=True, default_domain_ids=[DOMAIN, OTHER_DOMAIN]))
    for word in (OTHER, holder, "account_default and default_domain_ids", "move_defaults=true"):
        assert word in message
    assert account.region.writes() == []


@pytest.mark.parametrize("moves", [True, False])
@pytest.mark.parametrize("exists", [True, False])
def test_a_default_is_moved_when_asked(account: Account, exists: bool, moves: bool) -> None:
    """The same calls and the same end, whatever AWS would do by itself."""
    account.region.configure(app_defaults_move=moves, delays={"app_update": 0.2})
    holder = account.create(
        OTHER,
        AccountDefaultStatus="ENABLED",
        DefaultDomainIdList=[DOMAIN, OTHER_DOMAIN],
        ModelRegistrationMode="AutoModelRegistrationEnabled",
    )
    if exists:
        account.create()
    run = account.converge(**account.full(account_default=True, default_domain_ids=[DOMAIN], move_defaults=True))
    assert run.writes == [UPDATE, UPDATE if exists else CREATE]
    assert run.names == ["defaults", "settings" if exists else "app"]
    assert run.result["changes"][0]["before"] == {
        "arn": holder,
        "account_default": True,
        "default_domain_ids": [DOMAIN, OTHER_DOMAIN],
    }
    left, ours = account.described(holder), account.described(run.result["arn"])
    assert (left["AccountDefaultStatus"], left["DefaultDomainIdList"]) == ("DISABLED", [OTHER_DOMAIN])
    assert (left["Name"], left["ModelRegistrationMode"]) == (OTHER, "AutoModelRegistrationEnabled"), "the rest stays"
    assert (ours["AccountDefaultStatus"], ours["DefaultDomainIdList"]) == ("ENABLED", [DOMAIN])


def test_a_default_of_two_apps_is_taken_from_both(account: Account) -> None:
    account.create("one", AccountDefaultStatus="ENABLED")
    account.create("two", DefaultDomainIdList=[DOMAIN])
    account.create()
    run = account.converge(account_default=True, default_domain_ids=[DOMAIN], move_defaults=True)
    assert run.names == ["defaults", "defaults", "settings"]


def test_a_default_that_cannot_be_taken_away_is_told(account: Account) -> None:
    holder = account.create(OTHER, AccountDefaultStatus="ENABLED")
    account.region.configure(fail_next={"app_delete": True})
    account.sagemaker.delete_mlflow_app(Arn=holder)
    message = account.fail(**account.full(account_default=True, move_defaults=True))
    for word in (f"AWS refuses updating the MLflow App {holder}", "DeleteFailed", "state=absent"):
        assert word in message


def updates_end_once_they_were_seen(region: LocalRegion) -> None:
    """When the run has looked twice, it waits."""
    deadline = time.monotonic() + PATIENCE
    while region.calls().count("sagemaker:DescribeMlflowApp") < 4 and time.monotonic() < deadline:
        time.sleep(0.05)
    region.admin("POST", "clock", {"advance": HOUR})


def test_a_default_that_is_lost_while_we_wait_is_asked_for_again(account: Account) -> None:
    """When the run begins the App is the default still, and an update that ends this is under way."""
    account.region.configure(delays={"app_update": HOUR})
    arn = account.create(AccountDefaultStatus="ENABLED")
    account.sagemaker.update_mlflow_app(Arn=arn, AccountDefaultStatus="DISABLED")
    holder = account.create(OTHER)
    account.sagemaker.update_mlflow_app(Arn=holder, AccountDefaultStatus="ENABLED")
    with ThreadPoolExecutor(1) as meanwhile:
        meanwhile.submit(updates_end_once_they_were_seen, account.region)
        message = account.fail(account_default=True, automatic_model_registration=False)
    for word in (holder, "is it already", "move_defaults=true"):
        assert word in message


def test_a_busy_default_is_waited_for(account: Account) -> None:
    account.region.configure(delays={"app_update": 0.3})
    holder = account.create(OTHER, AccountDefaultStatus="ENABLED")
    account.sagemaker.update_mlflow_app(Arn=holder, WeeklyMaintenanceWindowStart="Sun:01:00")
    run = account.run(**account.full(account_default=True, move_defaults=True))
    assert run.writes == [UPDATE, CREATE]
    assert account.described(holder)["AccountDefaultStatus"] == "DISABLED"


def test_a_domain_that_aws_does_not_clear_stays_with_its_app_and_is_told(account: Account) -> None:
    account.region.configure(empty_domain_list_clears=False)
    holder = account.create(OTHER, DefaultDomainIdList=[DOMAIN])
    message = account.fail(**account.full(default_domain_ids=[DOMAIN], move_defaults=True))
    for word in (holder, "clears nothing"):
        assert word in message
    assert [app["Name"] for app in account.apps()] == [OTHER], "nothing was created without its default"


def test_the_ghost_of_a_default_is_no_default(account: Account) -> None:
    account.sagemaker.delete_mlflow_app(Arn=account.create(OTHER, AccountDefaultStatus="ENABLED"))
    assert account.converge(**account.full(account_default=True)).writes == [CREATE]


def test_domains_that_aws_does_not_clear_are_told_instead_of_tried_for_ever(account: Account) -> None:
    account.region.configure(empty_domain_list_clears=False)
    account.create(DefaultDomainIdList=[DOMAIN])
    for _run in range(2):
        message = account.fail(default_domain_ids=[])
        for word in (f"default_domain_ids is ['{DOMAIN}'], sent was []", "clears nothing", "console"):
            assert word in message
    assert not account.converge(automatic_model_registration=False).changed


class Key(t.NamedTuple):
    """One key in the four ways to name it."""

    id: str
    arn: str
    alias: str
    alias_arn: str


def make_key(account: Account, name: str) -> Key:
    """A key with an alias."""
    kms = account.region.client("kms")
    made = kms.create_key()["KeyMetadata"]
    kms.create_alias(AliasName=f"alias/{name}", TargetKeyId=made["KeyId"])
    return Key(made["KeyId"], made["Arn"], f"alias/{name}", f"arn:aws:kms:us-east-1:123456789012:alias/{name}")


@pytest.mark.parametrize("as_arn", [True, False])
@pytest.mark.parametrize("spelling", Key._fields)
def test_a_key_in_each_spelling_is_the_same_key(account: Account, spelling: str, as_arn: bool) -> None:
    account.region.configure(app_kms_key_as_arn=as_arn)
    key, other = make_key(account, "ours"), make_key(account, "theirs")
    account.converge(**account.full(kms_key_id=getattr(key, spelling)))
    for again in key:
        assert not account.converge(kms_key_id=again).changed
    account.region.clear_log()
    for wrong in other:
        assert f"wished is {wrong}" in account.fail(kms_key_id=wrong, automatic_model_registration=True)
    assert account.region.writes() == []


def test_a_key_is_looked_up_only_where_its_name_does_not_tell(account: Account) -> None:
    key = make_key(account, "ours")
    account.create(KmsKeyId=key.alias)
    for named, calls in ((key.alias, 0), (key.arn, 1)):
        assert account.run(kms_key_id=named).calls.count("kms:DescribeKey") == calls
    account.region.client("kms").disable_key(KeyId=key.id)
    assert not account.run(kms_key_id=key.arn).changed, "a disabled key is still the same key"


def test_an_alias_that_aws_shows_and_that_is_gone_is_a_difference_in_words(account: Account) -> None:
    key = make_key(account, "ours")
    account.create(KmsKeyId=key.alias)
    account.region.client("kms").delete_alias(AliasName=key.alias)
    assert "kms_key_id is alias/ours, wished is " in account.fail(kms_key_id=key.arn)


def test_an_alias_that_is_not_there_is_told(account: Account) -> None:
    account.create(KmsKeyId=make_key(account, "ours").arn)
    assert "there is no KMS key 'alias/none'" in account.fail(kms_key_id="alias/none")


def test_keys_are_not_looked_up_for_a_deletion(account: Account) -> None:
    account.create(KmsKeyId=make_key(account, "ours").arn)
    run = account.run(state="absent", delete_data=True, kms_key_id="alias/none")
    assert run.writes == [DELETE]


@pytest.mark.parametrize(
    ("options", "hint"),
    [
        ({"name": "-x"}, "name: '-x' is not allowed"),
        ({"new_name": "x_y"}, "new_name: 'x_y' is not allowed"),
        ({"arn": "arn:aws:sagemaker:us-east-1:123456789012:mlflow-tracking-server/x"}, "arn: "),
        ({"artifact_store_uri": "bucket/prefix"}, "artifact_store_uri: "),
        ({"role_arn": "mlflow"}, "role_arn: 'mlflow' is not the ARN"),
        ({"kms_key_id": "ours"}, "kms_key_id: 'ours' is no KMS key"),
        (
            {"kms_key_id": "arn:aws:kms:eu-west-1:123456789012:alias/ours"},
            "is in eu-west-1, MLflow is in us-east-1",
        ),
        ({"weekly_maintenance_window_start": "Tuesday:3"}, "weekly_maintenance_window_start: 'Tuesday:3'"),
        ({"default_domain_ids": ["d-ok", "D-NO"]}, "default_domain_ids: 'D-NO' is not the id"),
        ({"tags": {"aws:x": "y"}}, "tags: "),
        ({"wait_delay": 0}, "wait_delay: 0 is not allowed"),
        ({"region": "cn-north-1"}, "no managed MLflow in China"),
    ],
)
def test_bad_input_makes_no_call(account: Account, options: dict[str, t.Any], hint: str) -> None:
    account.region.clear_log()
    assert hint in account.fail(**{"artifact_store_uri": URI, **options})
    assert account.region.calls() == []
