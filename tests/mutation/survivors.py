# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Why mutants survive that no test can tell from the original, or that none should. The others ask for a test."""

from __future__ import annotations

import re
import typing as t

if t.TYPE_CHECKING:
    from mutation.mutants import Mutant

WORDS = "only the words with which a message goes on"
_TEXT = re.compile(r'^\+f?"XX.*XX"$')
REASONS: dict[str, dict[str, str]] = {}
"""By file, the line as it is in the mutant."""


def reason(mutant: Mutant) -> str:
    """Why it may survive; empty when nobody has said so."""
    changed = [line for line in mutant.lines if line.startswith("+")]
    if all(_TEXT.match(line) for line in changed):
        return WORDS
    return next((REASONS[mutant.file][line[1:]] for line in changed if line[1:] in REASONS.get(mutant.file, {})), "")
