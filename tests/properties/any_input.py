# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What people and templates put into options: the right thing, the right thing in the wrong form, and what nobody expects."""

from __future__ import annotations

import functools
import importlib
import typing as t
from unittest import mock

from client_policies import ACCOUNT, SERVER
from hypothesis import strategies as st
from local_region import REPOSITORY
from module_run import PACKAGE

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import AwsModule

if t.TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Json = dict[str, t.Any]
ROLE = f"arn:aws:iam::{ACCOUNT}:role/mlflow"
ANALYSTS = "analysts"
MOST_CHANGED = 3

BASES: dict[str, Json] = {
    "cloudtrail_mlflow_trail": {
        "name": "audit",
        "mlflow_arn": SERVER,
        "artifact_store_uri": "s3://artifacts",
        "create": True,
        "s3_bucket_name": "logs-of-all",
    },
    "ec2_mlflow_vpc_endpoints": {
        "name": "mlflow",
        "vpc_id": "vpc-0123456789abcdef0",
        "subnet_ids": ["subnet-0123456789abcdef0"],
        "route_table_ids": ["rtb-0123456789abcdef0"],
        "allowed_cidrs": ["10.0.0.0/8"],
    },
    "iam_mlflow_client_policy": {
        "name": "mlflow",
        "profiles": ["writer"],
        "resource_arns": [SERVER],
        "artifact_store_uri": "s3://artifacts",
        "roles": [ANALYSTS],
    },
    "iam_mlflow_role": {"name": "mlflow", "artifact_store_uri": "s3://artifacts"},
    "kms_mlflow_key": {"alias": "alias/mlflow"},
    "mlflow_audit_info": {"name": "mlflow"},
    "mlflow_environment": {
        "role": {"name": "mlflow", "artifact_store_uri": "s3://artifacts"},
        "bucket": {"name": "artifacts"},
        "tracking_server": {"name": "mlflow", "artifact_store_uri": "s3://artifacts"},
    },
    "mlflow_migration": {"source": {"uri": "file:///nowhere/old"}, "target": {"uri": "file:///nowhere/new"}},
    "s3_mlflow_bucket": {"name": "artifacts"},
    "sagemaker_mlflow_app": {"name": "mlflow", "artifact_store_uri": "s3://artifacts", "role_arn": ROLE},
    "sagemaker_mlflow_app_info": {},
    "sagemaker_mlflow_presigned_url": {"name": "mlflow"},
    "sagemaker_mlflow_server": {"name": "mlflow", "artifact_store_uri": "s3://artifacts", "role_arn": ROLE},
    "sagemaker_mlflow_server_info": {},
    "scheduler_mlflow_power": {
        "name": "mlflow",
        "start": {"days": ["Mon"], "time": "07:00"},
        "stop": {"days": ["Fri"], "time": "19:00"},
    },
}
"""What each module takes without a complaint, in check mode, in an account with the role C(analysts) and nothing else."""

TEXTS = (
    *("", " ", "\n", "\t", "\x00", "-", ".", "..", "/", "*", "?", "%", "'", '"', "\\", "x", "x" * 70, "x" * 300),
    *("x" * 70_000, "\u00e9", "\u4e2d\u6587", "\u202emlflow", "\U0001f600", "e\u0301", "mlflow\n", " mlflow", "MLFLOW"),
    *("null", "None", "true", "no", "0", "-1", "1e9", "07:30", "2026-13-45", "2026-01-01", "{{ name }}", "{% raw %}"),
    *(
        "${aws:username}",
        "../x",
        "a/b",
        "a:b",
        "a b",
        "a,b",
        '"}],"Statement":[{"Effect":"Allow"',
        "<a>",
        "&lt;",
        "a=b",
    ),
    *("s3://", "s3://artifacts", "s3://artifacts/a//b/", "s3://A_b", "S3://artifacts", "https://artifacts", "file:///"),
    *("arn:", "arn:aws:iam::1:role/x", f"arn:aws:iam::{ACCOUNT}:role/", ROLE, SERVER, f"{SERVER}/x", "arn:aws:s3:::b"),
    *(
        "10.0.0.0/8",
        "10.0.0.1/8",
        "::/0",
        "vpc-1",
        "vpc-0123456789abcdef0",
        "alias/mlflow",
        "alias/",
        ACCOUNT,
        "1" * 12,
    ),
    *("Mon", "Tue:03:30", "cron(0 7 ? * MON *)", "cron(", "rate(1 minute)", "Europe/Berlin", "d-abcdefghijkl", "3.0"),
)
NUMBERS = (
    0,
    1,
    -1,
    2,
    7,
    59,
    60,
    900,
    43_200,
    86_401,
    2**31,
    -(2**63),
    10**30,
    0.5,
    -0.0,
    1e308,
    float("inf"),
    float("nan"),
)
DEEP: Json = functools.reduce(lambda inner, _number: {"a": [inner]}, range(40), t.cast("Json", {}))
OTHERS: tuple[t.Any, ...] = (
    *(None, True, False, [], {}, [None], [""], [[]], [{}], [0], ["x", "x"], ["x"] * 5_000, DEEP, {"": ""}, {"a": None}),
    *(
        {"a": {"b": []}},
        {"x" * 200: "x"},
        {f"k{number}": "v" for number in range(200)},
        {"aws:a": "b"},
        {"a": "x" * 300},
    ),
    *([{"Effect": "Allow", "Action": "*", "Resource": "*"}], [{"Sid": "x"}], {"Statement": "x"}, {"a": 1, "b": 2.5}),
)
ANYTHING: st.SearchStrategy[t.Any] = st.one_of(
    st.sampled_from(TEXTS), st.sampled_from(NUMBERS), st.sampled_from(OTHERS), st.text(max_size=12), st.integers()
)


class _ToldError(Exception):
    """Carries what a module takes."""

    def __init__(self, specification: Json) -> None:
        super().__init__()
        self.specification = specification


def modules() -> Iterator[str]:
    """Every module that does something by itself: the others only document actions."""
    for path in sorted((REPOSITORY / "plugins" / "modules").glob("*.py")):
        if "AwsModule(" in path.read_text(encoding="utf-8"):
            yield path.stem


@functools.cache
def specification(module: str) -> Json:
    """What a module takes, as it tells Ansible."""

    def tell(_module: AwsModule, **settings: t.Any) -> None:
        raise _ToldError(settings["argument_spec"])

    with mock.patch.object(AwsModule, "__init__", tell):
        try:
            importlib.import_module(f"{PACKAGE}.{module}").main()
        except _ToldError as told:
            return told.specification
    raise AssertionError(f"{module} makes no AwsModule")


def changes(options: Mapping[str, Json], most: int = MOST_CHANGED) -> st.SearchStrategy[Json]:
    """Some options with any values."""
    one = st.sampled_from(sorted(options)).flatmap(lambda name: st.tuples(st.just(name), any_value(options[name])))
    return st.lists(one, min_size=1, max_size=most, unique_by=lambda pair: pair[0]).map(dict)


def any_value(option: Json) -> st.SearchStrategy[t.Any]:
    """A value for one option: of its type more often than not, one of its choices now and then."""
    fitting: dict[str, st.SearchStrategy[t.Any]] = {
        "int": st.sampled_from(NUMBERS),
        "float": st.sampled_from(NUMBERS),
        "bool": st.booleans(),
        "list": st.lists(ANYTHING, max_size=3),
        "dict": st.dictionaries(st.sampled_from(TEXTS), ANYTHING, max_size=3),
    }
    found = [ANYTHING, fitting.get(option.get("type", "str"), st.sampled_from(TEXTS))]
    if option.get("choices"):
        found.append(st.sampled_from(list(option["choices"])))
    if option.get("options"):
        nested = st.fixed_dictionaries({}, optional={name: any_value(each) for name, each in option["options"].items()})
        found += [nested, st.lists(nested, max_size=2)] if option["type"] == "list" else [nested, nested]
    return st.one_of(found)


def names(changed: Json, options: Mapping[str, Json]) -> Sequence[str]:
    """What a message about these values may name: options, and described options within them."""
    return [*changed, *(key for name in changed for key in options[name].get("options", ()))]
