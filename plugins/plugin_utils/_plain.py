# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""What a task says, as JSON carries it."""

from __future__ import annotations

import json
import typing as t
from datetime import date


def plain(value: t.Any) -> t.Any:
    """As JSON carries it to a module and back: without marks of where a value came from, and a copy."""
    return json.loads(json.dumps(_simple(value)))


def _simple(value: t.Any) -> t.Any:
    """What JSON knows. A date is a date in YAML; a vaulted text is no text before it is asked for it."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, dict):
        return {str(key): _simple(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [_simple(item) for item in value]
    if isinstance(value, date):
        return value.isoformat()
    return value.decode() if isinstance(value, bytes) else str(value)
