# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Wishes for an MLflow App, and what others do to it and to another one, or what becomes of it while nobody looks."""

from __future__ import annotations

import typing as t

from hypothesis import strategies as st
from local_region import ACCOUNT, REGION
from properties.pools import edits, mixed, options, sequences
from properties.server_wishes import ROLES, TAGS, THEIR_TAGS

APP, RENAMED, STUDIO = "models", "renamed", "studio"
KEYS = ("11111111-1111-1111-1111-111111111111", "22222222-2222-2222-2222-222222222222")
ALIAS = "alias/artifacts"
ARNS = tuple(f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{key}" for key in KEYS)
DOMAINS = ("d-aaaaaaaaaaaa", "d-bbbbbbbbbbbb")
DOMAIN_LISTS: list[list[str]] = [[], [DOMAINS[0]], [DOMAINS[1], DOMAINS[0]]]

SETTINGS = options(
    {
        "role_arn": ROLES[:1] * 3,
        "artifact_store_uri": [
            "s3://artifacts-a",
            "s3://artifacts-a/",
            "s3://artifacts-b/runs",
            "s3://artifacts-b/runs/",
        ],
        "automatic_model_registration": [False, True],
        "weekly_maintenance_window_start": ["Tue:03:30", "tue:03:30", "SUN:23:00"],
        "account_default": [False, True],
        "default_domain_ids": DOMAIN_LISTS,
        "move_defaults": [True],
        "tags": TAGS,
        "purge_tags": [True],
        "recreate_failed": [True, True, True, False],
        "new_name": [RENAMED],
    }
)
NEEDED: list[dict[str, t.Any]] = [
    {},
    {"role_arn": ROLES[0], "artifact_store_uri": "s3://artifacts-b/runs"},
    {"role_arn": ROLES[0], "artifact_store_uri": "s3://artifacts-a"},
    {"role_arn": ROLES[0], "artifact_store_uri": "s3://artifacts-b/runs/"},
]
KEYED: list[dict[str, t.Any]] = [{}] * 6 + [{"kms_key_id": key} for key in (KEYS[0], ARNS[0], ALIAS, ARNS[1])]
PRESENT = st.tuples(SETTINGS, st.sampled_from(NEEDED), st.sampled_from(KEYED)).map(
    lambda parts: {**parts[0], **parts[1], **parts[2]}
)
ABSENT = st.sampled_from([{"state": "absent", **more} for more in ({}, {"delete_data": True}, {"delete_data": True})])
OTHER_ROLE = PRESENT.map(lambda wish: {**wish, "role_arn": ROLES[1]})
WISHES = st.integers(0, 19).flatmap(lambda dice: {19: ABSENT, 18: OTHER_ROLE}.get(dice, PRESENT))

CREATED = [
    {"ArtifactStoreUri": uri, "RoleArn": ROLES[0], **more}
    for uri, more in mixed(
        ["s3://artifacts-a", "s3://artifacts-b/runs"],
        [
            {},
            {"ModelRegistrationMode": "AutoModelRegistrationEnabled", "WeeklyMaintenanceWindowStart": "Sun:23:00"},
            {"KmsKeyId": KEYS[0]},
            {"Tags": [{"Key": "sagemaker:domain", "Value": "d"}, {"Key": "theirs", "Value": ""}]},
            {"AccountDefaultStatus": "ENABLED", "DefaultDomainIdList": [DOMAINS[0]]},
        ],
    )
]
UPDATED: list[dict[str, t.Any]] = [
    {"ModelRegistrationMode": "AutoModelRegistrationDisabled"},
    {"ArtifactStoreUri": "s3://artifacts-b/runs/"},
    {"AccountDefaultStatus": "ENABLED"},
    {"AccountDefaultStatus": "DISABLED", "DefaultDomainIdList": []},
    {"DefaultDomainIdList": list(DOMAINS), "WeeklyMaintenanceWindowStart": "Sun:23:00"},
]
EDITS = edits(
    {
        "create_mlflow_app": CREATED,
        "update_mlflow_app": [*UPDATED, {"Name": RENAMED}, {"Name": APP}],
        "update_studio": UPDATED,
        "delete_mlflow_app": [{}],
        "add_tags": [{"Tags": tags} for tags in THEIR_TAGS],
        "delete_tags": [{"TagKeys": ["Team", "Stage"]}],
        "settings": [
            {"delays": dict.fromkeys(("app_create", "app_update", "app_delete", "maintenance"), each)}
            for each in (0, 3)
        ],
        "fails": [{"verb": verb} for verb in ("create", "update", "delete", "maintenance")],
        "maintenance": [{}],
        "passes": [{"seconds": 1}, {"seconds": 60}],
    }
)
STEPS = sequences(EDITS, WISHES)
