# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Wishes for a whole environment, and what others do to its parts."""

from __future__ import annotations

import typing as t

from hypothesis import strategies as st
from local_region import ACCOUNT
from properties import app_wishes as apps
from properties import bucket_wishes as buckets
from properties import role_wishes as roles
from properties import server_wishes as servers
from properties.pools import sequences

Parameters = dict[str, t.Any]
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/{roles.ROLE}"
USABLE: list[dict[str, t.Any]] = [{}, {"confused_deputy_protection": False}]
"""Trust by which SageMaker can take the role for what it makes here."""

ROLE = st.tuples(roles.WISH, st.sampled_from(USABLE), st.sampled_from(roles.PLACES)).map(
    lambda parts: {**parts[0], **parts[1], "artifact_store_uri": parts[2]}
)
BUILDING = st.sampled_from(["tracking_server", "tracking_server", "app", "none"]).flatmap(
    lambda kind: {
        "tracking_server": st.tuples(st.just(kind), servers.PRESENT),
        "app": st.tuples(st.just(kind), apps.PRESENT),
        "none": st.just((kind, {})),
    }[kind]
)


def _wish(role: Parameters | None, bucket: Parameters | None, building: tuple[str, Parameters]) -> Parameters:
    """With a role beside it, an MLflow gets that one."""
    kind, options = building
    parts = {"role": role, "bucket": bucket, **({} if kind == "none" else {kind: dict(options)})}
    wish = {part: dict(given) for part, given in parts.items() if given is not None}
    wish.get("role", {}).pop("wait", None)
    if kind in wish:
        wish[kind].setdefault("artifact_store_uri", "s3://artifacts-a")
        if role is not None:
            wish[kind].pop("role_arn", None)
    return wish or {"bucket": {}}


WISHES = st.tuples(st.none() | ROLE, st.none() | buckets.PRESENT, BUILDING).map(lambda parts: _wish(*parts))
EDITS = st.one_of(
    buckets.EDITS.map(lambda edit: ("s3", edit)),
    roles.EDITS.map(lambda edit: ("iam", edit)),
    servers.EDITS.map(lambda edit: ("server", edit)),
    apps.EDITS.map(lambda edit: ("app", edit)),
)
STEPS = sequences(EDITS, WISHES)
