# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Why mutants survive that no test can tell from the original, or that none should. The others ask for a test."""

from __future__ import annotations

import re
import typing as t

if t.TYPE_CHECKING:
    from mutation.mutants import Mutant

WORDS = "only the words with which a message goes on"
_TEXT = re.compile(r'\+"XX.*XX"')
FALSE = "None is as false there as what it stands for"
UNREAD = "nothing reads that value there"
TYPES = "only the type checker asks: it is always so there"
REASONS: dict[str, dict[str, str]] = {
    "_bucket_plan": {
        "value = after[setting.name] = setting.after(setting.normal({}, None), place)": "no answer means the same in every place",
        'creation.update({key: item for key, item in carried.items() if key != "XXCreateBucketConfigurationXX"})': (
            "the whole configuration takes its place a few lines below"
        ),
    },
    "_bucket_rules": {'_check_expiration(result.get("expiration", None), where)': FALSE},
    "_bucket_settings": {
        '"bucket_key_enabled": bool(rule.get("BucketKeyEnabled", None)),': FALSE,
        "return {flag: bool(configuration.get(word, None)) for flag, word in PUBLIC_ACCESS_FLAGS.items()}": FALSE,
    },
    "_bucket_wish": {
        'wrong = ""': "an empty text is as false as None",
        'if (rule["max_age_seconds"] or 1) < 0:': "1 is no less than 0 either",
    },
    "_client_versions": {'match = _VERSION.fullmatch(mlflow_version or "XXXX")': "no version either"},
    "_endpoint_policy": {'return str(statement.get("Sid") or "XXXX").startswith(SID_PREFIX)': "no Sid of ours either"},
    "_key_plan": {
        "fresh = KeyState(None, after.account_id, after.region)": UNREAD,
        "fresh = KeyState(after.partition, None, after.region)": UNREAD,
        "fresh = KeyState(after.partition, after.account_id, None)": UNREAD,
    },
    "_mlflow_app_plan": {"if wish.tags is not None or app.arn is not None:": TYPES},
    "_policy_document": {
        "return _document(document, fold_case=None)": FALSE,
        'return json.dumps([statement.get("Sid", ""), statement], sort_keys=None)': "its keys are sorted already",
        'return json.dumps([statement.get("Sid", ""), statement], sort_keys=False)': "its keys are sorted already",
    },
    "_power_plan": {
        "group = Group(exists=True, tags=tags.resulting(group.tags, wish.tags, purge=None))": FALSE,
        "if before is None and group is None:": TYPES,
        "document = state.role.inline_policies.get(POWER_ACCESS, {}) if (state.role) or True else {}": TYPES,
    },
    "_role_plan": {
        "nothing = RoleState(partition=None, account_id=state.account_id, exists=False)": UNREAD,
        "nothing = RoleState(partition=state.partition, account_id=None, exists=False)": UNREAD,
        "nothing = RoleState(partition=state.partition, account_id=state.account_id, exists=None)": UNREAD,
        "nothing = RoleState(partition=state.partition, account_id=state.account_id, exists=True)": UNREAD,
        '_arn, _partition, _iam, _region, owner, resource = arn.rsplit(":", 5)': "the name of a policy has no colon",
        '_arn, _partition, _iam, _region, owner, resource = arn.split(":", 6)': "the name of a policy has no colon",
    },
    "_role_trust": {
        "return service_trust_statement(None, None, service)": FALSE,
        "placed = None": FALSE,
        "is_ours = same_statement(statement, ours, with_sid=None)": FALSE,
    },
    "_tags": {
        'return character in _SIGNS or unicodedata.category(character)[0] in "XXLZNXX"': "no category begins with an X",
    },
    "_tracking_server_plan": {"changes.append(_power_change(wish, active=None))": FALSE},
    "_trail_plan": {
        "return _plan(wish, state, after, tuple(_changes(None, state, after)))": "a trail that exists is known by its ARN",
        'state, exists=True, basic=None, settings=dict.fromkeys(SETTINGS, ""), tags=None if wish.tags is None else {}': FALSE,
        'state, exists=True, basic=(), settings=dict.fromkeys(SETTINGS, ""), tags=None': "creation carries the tags",
        'state, exists=True, basic=(), settings=dict.fromkeys(SETTINGS, "XXXX"), tags=None if wish.tags is None else {}': (
            "every setting is wished of a trail that is made"
        ),
        'state, exists=True, basic=(), settings=dict.fromkeys(SETTINGS, ""), tags=None if (wish.tags is None) or True else {}': (
            "creation carries the tags"
        ),
        "made = replace(after, advanced=(), is_logging=None)": FALSE,
        'return _plan(wish, state, gone, (Change("trail", state.shown(with_tags=None), None, call),))': FALSE,
        "if present is None and wished is None:": TYPES,
    },
}
"""By file, the line as it is in the mutant."""


def reason(mutant: Mutant) -> str:
    """Why it may survive; empty when nobody has said so."""
    changed = [line for line in mutant.lines if line.startswith("+")]
    if all(_TEXT.fullmatch(line) for line in changed):
        return WORDS
    return next((REASONS[mutant.file][line[1:]] for line in changed if line[1:] in REASONS.get(mutant.file, {})), "")
