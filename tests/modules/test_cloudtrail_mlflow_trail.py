# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""cloudtrail_mlflow_trail against the local AWS: selectors added to the trails of others, trails made, left alone, deleted."""

from __future__ import annotations

import json
import typing as t

import pytest
from local_callers import policy
from mlflow_account import make_user

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _bucket_grants as grants
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _trail as trail
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _trail_coverage as coverage

if t.TYPE_CHECKING:
    from local_region import LocalRegion
    from module_run import Modules

Json = dict[str, t.Any]
MODULE = "cloudtrail_mlflow_trail"
ACCOUNT, NAME, LOGS = "123456789012", "organization", "logs-of-the-team"
ARN = f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/{NAME}"
SERVER = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:mlflow-tracking-server/mlflow-staging-mlflow"
APP = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:mlflow-app/app-ABCDEFGHIJKL"
OBJECTS = "arn:aws:s3:::artifacts/models/"
OWNER = "us-east-1 mlflow-tracking-server/mlflow-staging-mlflow"
BASE: Json = {"name": NAME, "mlflow_arn": SERVER, "artifact_store_uri": "s3://artifacts/models/"}
MAKE: Json = {**BASE, "create": True, "s3_bucket_name": LOGS}
FOREIGN: Json = {
    "Name": "Lambda of others",
    "FieldSelectors": [
        {"Field": "resources.type", "Equals": ["AWS::Lambda::Function"]},
        {"Field": "eventCategory", "Equals": ["Data"]},
    ],
}
BASIC: Json = {
    "ReadWriteType": "WriteOnly",
    "IncludeManagementEvents": True,
    "DataResources": [
        {"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::reports/", "arn:aws:s3:::invoices/2026"]},
        {"Type": "AWS::Lambda::Function", "Values": ["arn:aws:lambda"]},
    ],
    "ExcludeManagementEventSources": ["kms.amazonaws.com"],
}


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """The local CloudTrail shows at once what was written."""
    monkeypatch.setattr(trail, "BUSY_DELAY", 0.01)
    monkeypatch.setattr(trail, "CONFIRM_DELAY", 0.01)


def bucket_for_logs(region: LocalRegion, *names: str) -> None:
    region.client("s3").create_bucket(Bucket=LOGS)
    statements = [
        statement
        for name in names or (NAME,)
        for statement in grants.trail_statements(LOGS, "", f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/{name}")
    ]
    region.client("s3").put_bucket_policy(Bucket=LOGS, Policy=policy(*statements))


def others_made(region: LocalRegion, *advanced: Json, basic: Json | None = None, **more: t.Any) -> None:
    """A trail of the account."""
    bucket_for_logs(region)
    client = region.client("cloudtrail")
    client.create_trail(Name=NAME, S3BucketName=LOGS, **more)
    if advanced:
        client.put_event_selectors(TrailName=NAME, AdvancedEventSelectors=list(advanced))
    if basic:
        client.put_event_selectors(TrailName=NAME, EventSelectors=[basic])


def selectors(region: LocalRegion) -> Json:
    found: Json = region.client("cloudtrail").get_event_selectors(TrailName=NAME)
    return {key: found[key] for key in ("EventSelectors", "AdvancedEventSelectors") if key in found}


def names(region: LocalRegion) -> list[str]:
    return [each["Name"] for each in selectors(region)["AdvancedEventSelectors"]]


def recorded(region: LocalRegion, kind: str, arn: str, access: str) -> bool:
    found = selectors(region)
    basic, advanced = found.get("EventSelectors", []), found.get("AdvancedEventSelectors", [])
    return coverage.records(basic, advanced, kind, arn, access)


def described(region: LocalRegion) -> Json:
    (found,) = region.client("cloudtrail").describe_trails(trailNameList=[NAME])["trailList"]
    return dict(found)


class TestTrailOfOthers:
    def test_selectors_are_added_and_nothing_is_lost(self, modules: Modules, region: LocalRegion) -> None:
        others_made(region, FOREIGN)
        run = modules.converge(MODULE, **BASE)
        assert (run.result["action"], run.names) == ("update", ["event_selectors"])
        assert run.writes == ["cloudtrail:PutEventSelectors"]
        assert selectors(region)["AdvancedEventSelectors"][0] == FOREIGN
        assert names(region) == ["Lambda of others", f"{OWNER}: API", f"{OWNER}: artifacts"]
        for access in ("read", "write"):
            assert recorded(region, "AWS::SageMaker::MlflowTrackingServer", SERVER, access)
            assert recorded(region, "AWS::S3::Object", f"{OBJECTS}x", access)
        assert not recorded(region, "AWS::S3::Object", "arn:aws:s3:::artifacts/other/x", "read")
        assert not region.client("cloudtrail").get_trail_status(Name=NAME)["IsLogging"], "it is not ours to switch on"

    def test_the_default_selector_means_the_same_afterwards(self, modules: Modules, region: LocalRegion) -> None:
        others_made(region)
        modules.converge(MODULE, **BASE)
        assert names(region) == ["Management events", f"{OWNER}: API", f"{OWNER}: artifacts"]
        assert coverage.records_management([], selectors(region)["AdvancedEventSelectors"])

    def test_basic_selectors_are_converted_only_when_told(self, modules: Modules, region: LocalRegion) -> None:
        others_made(region, basic=BASIC)
        message = modules.fail(MODULE, **BASE)
        assert "convert_basic_selectors: the trail 'organization' has basic event selectors" in message
        assert selectors(region) == {"EventSelectors": [BASIC]}
        modules.converge(MODULE, **BASE, convert_basic_selectors=True)
        management, objects, functions, *_ours = selectors(region)["AdvancedEventSelectors"]
        write_only = {"Field": "readOnly", "Equals": ["false"]}
        assert management["FieldSelectors"] == [
            {"Field": "eventCategory", "Equals": ["Management"]},
            write_only,
            {"Field": "eventSource", "NotEquals": ["kms.amazonaws.com"]},
        ]
        assert objects["FieldSelectors"][1:] == [
            {"Field": "resources.type", "Equals": ["AWS::S3::Object"]},
            {"Field": "resources.ARN", "StartsWith": BASIC["DataResources"][0]["Values"]},
            write_only,
        ]
        assert [field["Field"] for field in functions["FieldSelectors"]] == [
            "eventCategory",
            "resources.type",
            "readOnly",
        ]

    def test_several_share_a_trail(self, modules: Modules, region: LocalRegion) -> None:
        others_made(region, FOREIGN)
        modules.converge(MODULE, **BASE)
        modules.converge(MODULE, **{**BASE, "mlflow_arn": APP})
        assert recorded(region, "AWS::SageMaker::MlflowApp", APP, "write")
        assert recorded(region, "AWS::SageMaker::MlflowTrackingServer", SERVER, "write")
        modules.converge(MODULE, **BASE, state="absent")
        assert names(region) == [
            "Lambda of others",
            "us-east-1 mlflow-app/app-ABCDEFGHIJKL: API",
            "us-east-1 mlflow-app/app-ABCDEFGHIJKL: artifacts",
        ]

    CHANGES: t.ClassVar[dict[str, Json]] = {
        "writes of artifacts": {"artifact_events": "write"},
        "no artifacts": {"artifact_events": "none"},
        "reads of the API": {"api_events": "read"},
        "another type": {"event_type": "AWS::SageMaker::Mlflow"},
        "the whole kind": {"whole_kind": True},
        "another place": {"artifact_store_uri": "s3://artifacts"},
        "no place": {"artifact_store_uri": None},
    }

    @pytest.mark.parametrize("change", CHANGES)
    def test_each_option_changed_alone(self, modules: Modules, region: LocalRegion, change: str) -> None:
        others_made(region, FOREIGN)
        modules.run(MODULE, **BASE)
        before = selectors(region)
        assert modules.converge(MODULE, **{**BASE, **self.CHANGES[change]}).names == ["event_selectors"]
        assert selectors(region) != before
        modules.run(MODULE, **BASE)
        assert selectors(region) == before

    def test_another_spelling_is_no_difference(self, modules: Modules, region: LocalRegion) -> None:
        others_made(region, FOREIGN)
        modules.run(MODULE, **BASE)
        written = selectors(region)["AdvancedEventSelectors"]
        for selector in written:
            selector["FieldSelectors"].reverse()
        region.client("cloudtrail").put_event_selectors(TrailName=NAME, AdvancedEventSelectors=written)
        assert not modules.run(MODULE, **BASE).changed

    def test_by_arn(self, modules: Modules, region: LocalRegion) -> None:
        others_made(region)
        assert modules.converge(MODULE, **{**BASE, "name": ARN}).result["name"] == NAME

    def test_absent_is_quiet_where_there_is_nothing(self, modules: Modules, region: LocalRegion) -> None:
        assert not modules.converge(MODULE, **BASE, state="absent").changed
        others_made(region, basic=BASIC)
        assert not modules.converge(MODULE, **BASE, state="absent").changed
        assert selectors(region) == {"EventSelectors": [BASIC]}

    def test_one_that_does_not_exist(self, modules: Modules) -> None:
        assert "name: there is no trail 'organization' in us-east-1" in modules.fail(MODULE, **BASE)

    def test_one_of_another_region(self, modules: Modules, region: LocalRegion) -> None:
        others_made(region, IsMultiRegionTrail=True)
        message = modules.fail(MODULE, **BASE, region="eu-west-1")
        assert "region: the home Region of the trail 'organization' is us-east-1" in message

    def test_the_limit(self, modules: Modules, region: LocalRegion) -> None:
        many = [f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f{number}" for number in range(496)]
        full = {**FOREIGN, "FieldSelectors": [*FOREIGN["FieldSelectors"], {"Field": "resources.ARN", "Equals": many}]}
        others_made(region, full)
        assert "would have 504 values, CloudTrail allows 500" in modules.fail(MODULE, **BASE)


class TestTrailOfOurs:
    def test_made_and_deleted(self, modules: Modules, region: LocalRegion) -> None:
        bucket_for_logs(region)
        run = modules.converge(MODULE, **MAKE, tags={"Team": "vision"})
        assert run.result["action"] == "create"
        assert run.names == ["trail", "event_selectors", "is_logging"]
        assert run.writes == ["cloudtrail:CreateTrail", "cloudtrail:PutEventSelectors", "cloudtrail:StartLogging"]
        found = described(region)
        assert (found["IsMultiRegionTrail"], found["LogFileValidationEnabled"]) == (True, True)
        assert run.result["trail_arn"] == found["TrailARN"] == ARN
        assert (run.result["is_logging"], run.result["tags"]) == (True, {"Team": "vision"})
        assert names(region)[0] == "Management events"
        gone = modules.converge(MODULE, **BASE, state="absent", delete_trail=True)
        assert (gone.result["action"], gone.writes) == ("delete", ["cloudtrail:DeleteTrail"])
        assert not modules.run(MODULE, **BASE, state="absent", delete_trail=True).changed

    def test_without_management_events_it_must_go_as_a_whole(self, modules: Modules, region: LocalRegion) -> None:
        bucket_for_logs(region)
        modules.converge(MODULE, **MAKE, include_management_events=False)
        assert names(region) == [f"{OWNER}: API", f"{OWNER}: artifacts"]
        assert "Set delete_trail: true" in modules.fail(MODULE, **BASE, state="absent")

    def test_one_with_selectors_of_others_is_not_deleted(self, modules: Modules, region: LocalRegion) -> None:
        others_made(region, FOREIGN)
        message = modules.fail(MODULE, **BASE, state="absent", delete_trail=True)
        assert "delete_trail: the trail 'organization' has selectors of others (Lambda of others)" in message

    SETTINGS: t.ClassVar[dict[str, tuple[Json, str, t.Any]]] = {
        "prefix": ({"s3_key_prefix": "mlflow"}, "S3KeyPrefix", "mlflow"),
        "one region": ({"is_multi_region_trail": False}, "IsMultiRegionTrail", False),
        "validation": ({"enable_log_file_validation": False}, "LogFileValidationEnabled", False),
    }

    @pytest.mark.parametrize("setting", SETTINGS)
    def test_each_setting_changed_alone(self, modules: Modules, region: LocalRegion, setting: str) -> None:
        options, field, value = self.SETTINGS[setting]
        bucket_for_logs(region)
        document = json.loads(region.client("s3").get_bucket_policy(Bucket=LOGS)["Policy"])
        more = grants.trail_statements(LOGS, "mlflow", ARN)[1]
        document["Statement"].append({**more, "Sid": "Folder"})
        region.client("s3").put_bucket_policy(Bucket=LOGS, Policy=json.dumps(document))
        modules.run(MODULE, **MAKE)
        assert modules.converge(MODULE, **MAKE, **options).names == ["settings"]
        assert described(region)[field] == value

    def test_a_key_by_alias(self, modules: Modules, region: LocalRegion) -> None:
        bucket_for_logs(region)
        kms = region.client("kms")
        key = kms.create_key()["KeyMetadata"]
        kms.create_alias(AliasName="alias/audit", TargetKeyId=key["KeyId"])
        modules.converge(MODULE, **MAKE, kms_key_id="alias/audit")
        assert described(region)["KmsKeyId"] == key["Arn"]
        assert not modules.run(MODULE, **MAKE, kms_key_id=key["KeyId"]).changed

    def test_tags(self, modules: Modules, region: LocalRegion) -> None:
        bucket_for_logs(region)
        modules.run(MODULE, **MAKE, tags={"Team": "vision", "Old": "x"})
        assert modules.converge(MODULE, **MAKE, tags={"Team": "audit"}).names == ["tags"]
        run = modules.converge(MODULE, **MAKE, tags={"Team": "audit"}, purge_tags=True)
        assert (run.names, run.result["tags"]) == (["removed_tags"], {"Team": "audit"})

    def test_switched_off_by_hand(self, modules: Modules, region: LocalRegion) -> None:
        bucket_for_logs(region)
        modules.run(MODULE, **MAKE)
        region.client("cloudtrail").stop_logging(Name=NAME)
        assert modules.converge(MODULE, **MAKE).names == ["is_logging"]

    def test_a_bucket_that_does_not_let_it_in(self, modules: Modules, region: LocalRegion) -> None:
        region.client("s3").create_bucket(Bucket=LOGS)
        message = modules.fail(MODULE, **MAKE)
        assert "InsufficientS3BucketPolicyException" in message
        text = message.partition("Add to the policy of the bucket 'logs-of-the-team' what lets CloudTrail in: ")[2]
        region.client("s3").put_bucket_policy(Bucket=LOGS, Policy=policy(*json.loads(text)))
        modules.converge(MODULE, **MAKE)


def fault(operation: str, code: str, times: int = 1, **more: t.Any) -> Json:
    return {"service": "cloudtrail", "operation": operation, "code": code, "status": 400, "times": times, **more}


class TestFaults:
    @pytest.mark.parametrize("operation", ["CreateTrail", "PutEventSelectors", "StartLogging", "DeleteTrail"])
    def test_a_lost_answer_is_no_failure(self, modules: Modules, region: LocalRegion, operation: str) -> None:
        bucket_for_logs(region)
        wish = MAKE
        if operation == "DeleteTrail":
            modules.run(MODULE, **MAKE)
            wish = {**BASE, "state": "absent", "delete_trail": True}
        region.inject({"service": "cloudtrail", "operation": operation, "reset": True, "after": True, "times": 1})
        assert modules.run(MODULE, **wish).changed
        assert not modules.run(MODULE, **wish).changed

    def test_throttling_and_a_busy_trail_are_waited_out(self, modules: Modules, region: LocalRegion) -> None:
        others_made(region)
        region.inject(
            fault("PutEventSelectors", "ThrottlingException"), fault("PutEventSelectors", "ConflictException", 3)
        )
        assert modules.run(MODULE, **BASE).names == ["event_selectors"]
        assert len(names(region)) == 3

    def test_one_that_is_busy_for_ever(
        self, modules: Modules, region: LocalRegion, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(trail, "BUSY_TIMEOUT", 0.05)
        others_made(region)
        region.inject(fault("PutEventSelectors", "ConflictException", 100))
        message = modules.fail(MODULE, **BASE)
        assert "changing event_selectors of the trail 'organization'" in message
        assert "ConflictException" in message

    def test_one_that_goes_meanwhile_is_missed(self, modules: Modules, region: LocalRegion) -> None:
        others_made(region)
        region.inject(fault("PutEventSelectors", "TrailNotFoundException"))
        assert modules.run(MODULE, **BASE).names == ["event_selectors"], "it was read again and is there"

    def test_a_quota(self, modules: Modules, region: LocalRegion) -> None:
        bucket_for_logs(region)
        region.inject(fault("CreateTrail", "MaximumNumberOfTrailsExceededException"))
        assert "MaximumNumberOfTrailsExceededException" in modules.fail(MODULE, **MAKE)

    def test_a_key_that_does_not_let_it_in(self, modules: Modules, region: LocalRegion) -> None:
        bucket_for_logs(region)
        key = region.client("kms").create_key()["KeyMetadata"]["Arn"]
        region.inject(fault("CreateTrail", "InsufficientEncryptionPolicyException"))
        message = modules.fail(MODULE, **MAKE, kms_key_id=key)
        assert f"Add to the policy of the key '{key}'" in message
        assert "kms:GenerateDataKey*" in message

    def test_a_denial_names_the_action(self, modules: Modules, region: LocalRegion) -> None:
        others_made(region)
        reads = ["cloudtrail:DescribeTrails", "cloudtrail:GetEventSelectors", "cloudtrail:GetTrailStatus"]
        reader: Json = make_user(region, *reads)
        assert modules.run(MODULE, check=True, **BASE, **reader).changed
        assert "cloudtrail:PutEventSelectors" in modules.fail(MODULE, **BASE, **reader)


BAD_INPUT: dict[str, Json] = {
    "name: 'a' is not allowed": {**BASE, "name": "a"},
    "name: 'a..b' is not allowed": {**BASE, "name": "a..b"},
    "is not the ARN of a trail": {**BASE, "name": "arn:aws:cloudtrail:us-east-1:1:trail/x"},
    "mlflow_arn: 'x' is not the ARN": {**BASE, "mlflow_arn": "x"},
    "artifact_store_uri: 'https://b/x' is no place in S3": {**BASE, "artifact_store_uri": "https://b/x"},
    "artifact_store_uri: 's3://artifacts/*' is no place": {**BASE, "artifact_store_uri": "s3://artifacts/*"},
    "nothing is to be recorded": {**BASE, "api_events": "none", "artifact_events": "none"},
    "s3_bucket_name: a trail that is made here": {**BASE, "create": True},
    "s3_bucket_name, tags: that is for a trail which is made here": {
        **BASE,
        "s3_bucket_name": LOGS,
        "tags": {"a": "b"},
    },
    "kms_key_id: 'x' is no KMS key": {**MAKE, "kms_key_id": "x"},
    "delete_trail: it has a meaning with state: absent only": {**BASE, "delete_trail": True},
    "tags: the key 'aws:x' begins with 'aws:'": {**MAKE, "tags": {"aws:x": "y"}},
}


@pytest.mark.parametrize(("message", "options"), BAD_INPUT.items(), ids=BAD_INPUT)
def test_bad_input_fails_before_the_first_call(
    modules: Modules, region: LocalRegion, message: str, options: Json
) -> None:
    region.clear_log()
    assert message in modules.fail(MODULE, **options)
    assert region.calls() == []
