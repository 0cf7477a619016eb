# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Wishes for a tracking server, and what others do to one, or what becomes of it while nobody looks."""

from __future__ import annotations

import typing as t

from hypothesis import strategies as st
from local_region import ACCOUNT
from properties.pools import edits, mixed, options, sequences

SERVER = "models"
ROLES = tuple(f"arn:aws:iam::{ACCOUNT}:role/{name}" for name in ("service", "other"))
BUCKETS = ("artifacts-a", "artifacts-b")
WINDOWS = ["Tue:03:30", "Sun:23:00"]
TAGS = [{}, {"Team": "a"}, {"Team": True, "Stage": 1}, {"Stage": None}, {"Größe": "b c", "Team": "b"}]
THEIR_TAGS = [[{"Key": key, "Value": value}] for key, value in mixed(["Team", "theirs", "sagemaker:domain"], ["", "a"])]

SETTINGS = options(
    {
        "role_arn": ROLES[:1] * 3,
        "artifact_store_uri": [
            "s3://artifacts-a",
            "s3://artifacts-a/",
            "s3://artifacts-b/runs",
            "s3://artifacts-b/runs/",
        ],
        "mlflow_version": ["3.0", "3.0.0"],
        "tracking_server_size": ["Small", "Medium", "Large"],
        "automatic_model_registration": [False, True],
        "weekly_maintenance_window_start": ["Tue:03:30", "tue:03:30", "SUN:23:00"],
        "s3_bucket_owner_account_id": [ACCOUNT],
        "s3_bucket_owner_verification": [False, True],
        "tags": TAGS,
        "purge_tags": [True],
        "update_stopped": ["try", "start_first"],
        "recreate_failed": [True, True, False],
        "state": ["present", "started", "stopped"],
    }
)
NEEDED: list[dict[str, t.Any]] = [
    {},
    {"role_arn": ROLES[0], "artifact_store_uri": "s3://artifacts-b/runs"},
    {"role_arn": ROLES[0], "artifact_store_uri": "s3://artifacts-a"},
    {"role_arn": ROLES[0], "artifact_store_uri": "s3://artifacts-b/runs/"},
]
OTHER: list[dict[str, t.Any]] = [{"role_arn": ROLES[1]}, {"mlflow_version": "2.16"}]
PRESENT = st.tuples(SETTINGS, st.sampled_from(NEEDED)).map(lambda parts: {**parts[0], **parts[1]})
ABSENT = st.sampled_from([{"state": "absent", **more} for more in ({}, {"delete_data": True}, {"delete_data": True})])
WISHES = st.integers(0, 19).flatmap(
    lambda dice: (
        ABSENT
        if dice == 19
        else st.tuples(PRESENT, st.sampled_from(OTHER)).map(lambda p: {**p[0], **p[1]})
        if dice == 18
        else PRESENT
    )
)

CREATED = [
    {"ArtifactStoreUri": uri, "RoleArn": ROLES[0], "MlflowVersion": "3.0", **more}
    for uri, more in mixed(
        ["s3://artifacts-a", "s3://artifacts-b/runs"],
        [
            {},
            {"TrackingServerSize": "Large", "AutomaticModelRegistration": True},
            {"WeeklyMaintenanceWindowStart": "Sun:23:00"},
            {"Tags": [{"Key": "sagemaker:domain", "Value": "d"}, {"Key": "theirs", "Value": ""}]},
        ],
    )
]
UPDATED: list[dict[str, t.Any]] = [
    {"TrackingServerSize": "Medium", "AutomaticModelRegistration": True},
    {"AutomaticModelRegistration": False},
    {"ArtifactStoreUri": "s3://artifacts-b/runs/"},
    {"S3BucketOwnerVerification": False, "WeeklyMaintenanceWindowStart": "Sun:23:00"},
]
EDITS = edits(
    {
        "create_mlflow_tracking_server": CREATED,
        "update_mlflow_tracking_server": UPDATED,
        "start_mlflow_tracking_server": [{}],
        "stop_mlflow_tracking_server": [{}],
        "delete_mlflow_tracking_server": [{}],
        "add_tags": [{"Tags": tags} for tags in THEIR_TAGS],
        "delete_tags": [{"TagKeys": ["Team", "Stage"]}],
        "settings": [
            {"delays": dict.fromkeys(("create", "update", "start", "stop", "delete", "maintenance"), each)}
            for each in (0, 3)
        ],
        "fails": [{"verb": verb} for verb in ("create", "update", "start", "stop", "delete", "maintenance")],
        "maintenance": [{}],
        "passes": [{"seconds": 1}, {"seconds": 60}],
    }
)
STEPS = sequences(EDITS, WISHES)
