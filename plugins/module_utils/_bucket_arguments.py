# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""The options of the module s3_mlflow_bucket, told once: a module of several resources has them too."""

from __future__ import annotations

import typing as t

STORAGE_CLASSES = ["STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE"]


def lifecycle_rule_options() -> dict[str, t.Any]:
    """The options of one lifecycle rule."""
    return {
        "id": {"type": "str", "required": True},
        "status": {"type": "str", "choices": ["Enabled", "Disabled"], "default": "Enabled"},
        "filter": {
            "type": "dict",
            "options": {
                "prefix": {"type": "str"},
                "tags": {"type": "dict"},
                "object_size_greater_than": {"type": "int"},
                "object_size_less_than": {"type": "int"},
            },
        },
        "expiration": {
            "type": "dict",
            "options": {
                "days": {"type": "int"},
                "date": {"type": "str"},
                "expired_object_delete_marker": {"type": "bool"},
            },
        },
        "transitions": {
            "type": "list",
            "elements": "dict",
            "options": {
                "days": {"type": "int"},
                "date": {"type": "str"},
                "storage_class": {"type": "str", "required": True, "choices": STORAGE_CLASSES},
            },
        },
        **_noncurrent_options(),
        "abort_incomplete_multipart_upload": {
            "type": "dict",
            "options": {"days_after_initiation": {"type": "int", "required": True}},
        },
    }


def _noncurrent_options() -> dict[str, t.Any]:
    retention = {"noncurrent_days": {"type": "int", "required": True}, "newer_noncurrent_versions": {"type": "int"}}
    storage_class = {"storage_class": {"type": "str", "required": True, "choices": STORAGE_CLASSES}}
    return {
        "noncurrent_version_expiration": {"type": "dict", "options": dict(retention)},
        "noncurrent_version_transitions": {
            "type": "list",
            "elements": "dict",
            "options": {**retention, **storage_class},
        },
    }


def logging_options() -> dict[str, t.Any]:
    """The options of access logging."""
    return {
        "enabled": {"type": "bool", "default": True},
        "target_bucket": {"type": "str"},
        "target_prefix": {"type": "str"},
        "partition_date_source": {"type": "str", "choices": ["EventTime", "DeliveryTime"]},
    }


def cors_rule_options() -> dict[str, t.Any]:
    """The options of one CORS rule."""
    methods = ["GET", "PUT", "POST", "DELETE", "HEAD"]
    return {
        "id": {"type": "str"},
        "allowed_methods": {"type": "list", "elements": "str", "required": True, "choices": methods},
        "allowed_origins": {"type": "list", "elements": "str", "required": True},
        "allowed_headers": {"type": "list", "elements": "str"},
        "expose_headers": {"type": "list", "elements": "str"},
        "max_age_seconds": {"type": "int"},
    }


def access_options() -> dict[str, t.Any]:
    """The options of who may do what."""
    switch = {"type": "bool", "default": True}
    flags = ("block_public_acls", "ignore_public_acls", "block_public_policy", "restrict_public_buckets")
    return {
        "public_access_block": {"type": "dict", "options": dict.fromkeys(flags, switch)},
        "object_ownership": {
            "type": "str",
            "choices": ["BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"],
        },
        "require_tls": {"type": "bool"},
        "restrict_to_owner_account": {"type": "bool"},
        "trusted_account_ids": {"type": "list", "elements": "str"},
        "policy_statements": {"type": "list", "elements": "dict"},
        "purge_policy_statements": {"type": "bool", "default": False},
        "cors_rules": {"type": "list", "elements": "dict", "options": cors_rule_options()},
        "purge_cors_rules": {"type": "bool", "default": False},
    }


def bucket() -> dict[str, dict[str, t.Any]]:
    """All of them."""
    return {
        "name": {"type": "str", "required": True},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "secure_defaults": {"type": "bool", "default": True},
        "versioning": {"type": "str", "choices": ["Enabled", "Suspended"]},
        "encryption": {"type": "str", "choices": ["AES256", "aws:kms", "aws:kms:dsse"]},
        "kms_key_id": {"type": "str", "no_log": False},
        "bucket_key_enabled": {"type": "bool", "no_log": False},
        **access_options(),
        "abort_incomplete_multipart_upload_days": {"type": "int"},
        "noncurrent_version_expiration_days": {"type": "int"},
        "lifecycle_rules": {"type": "list", "elements": "dict", "options": lifecycle_rule_options()},
        "purge_lifecycle_rules": {"type": "bool", "default": False},
        "logging": {"type": "dict", "options": logging_options()},
        "tags": {"type": "dict", "aliases": ["resource_tags"]},
        "purge_tags": {"type": "bool", "default": False},
        "expected_bucket_owner": {"type": "str"},
        "force_delete_objects": {"type": "bool", "default": False},
    }
