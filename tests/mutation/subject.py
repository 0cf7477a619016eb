# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is mutated, and which tests must notice."""

from __future__ import annotations

import re
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
MODULE_UTILS = REPOSITORY / "plugins" / "module_utils"
PLANS = (
    "_plan.py",
    "_*_plan.py",
    "_bucket_rules.py",
    "_bucket_wish.py",
    "_client_versions.py",
    "_role_trust.py",
    "_tags.py",
)
NORMAL_FORMS = ("_bucket_lifecycle.py", "_bucket_settings.py", "_bucket_state.py")
POLICIES = (
    "_policies.py",
    "_client_policies.py",
    "_policy_document.py",
    "_policy_reach.py",
    "_key_policy.py",
    "_endpoint_policy.py",
)
"""What is compared, what the difference leads to, and what is allowed to whom. Everything here is a pure function."""


def mutated() -> list[Path]:
    """The files that decide."""
    return sorted({path for name in (*PLANS, *NORMAL_FORMS, *POLICIES) for path in MODULE_UTILS.glob(name)})


TOO_SLOW = {"test_every_policy.py"}
"""Takes as long as all the others together."""


def judging() -> list[Path]:
    """The unit tests that import one of them: no other test is asked."""
    names = "|".join(path.stem for path in mutated())
    imports = re.compile(rf"module_utils(\.| import )({names})\b")
    tests = [path for path in sorted(REPOSITORY.glob("tests/unit/test_*.py")) if path.name not in TOO_SLOW]
    return [path for path in tests if imports.search(path.read_text())]
