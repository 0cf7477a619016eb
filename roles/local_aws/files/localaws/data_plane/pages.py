# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one page that is not MLflow's: why a browser was turned away, and what to do."""

from __future__ import annotations

from html import escape
from typing import Final

_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{title}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 42rem; margin: 12vh auto; padding: 0 1rem; color: #1b2733; }}
code {{ display: block; padding: .8rem 1rem; background: #f1f4f7; border-radius: 4px; white-space: pre-wrap; }}
</style>
</head>
<body>
<h1>{title}</h1>
<p>{reason}</p>
<p>{advice}</p>
<code>aws sagemaker create-presigned-mlflow-tracking-server-url --tracking-server-name NAME
aws sagemaker create-presigned-mlflow-app-url --arn ARN</code>
</body>
</html>
"""


def refusal(title: str, reason: str) -> str:
    """The page for somebody without a session."""
    return _PAGE.format(
        title=escape(title), reason=escape(reason), advice="Get a new link to the MLflow UI with one of:"
    )
