# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""Answers that broke off on their way. botocore refuses XML that it cannot read, and takes half a JSON document for an empty one."""

from __future__ import annotations

import contextlib
import json
import typing as t

with contextlib.suppress(ImportError):
    # AnsibleAWSModule reports a missing boto3 in words before anything here is used.
    from botocore.parsers import ResponseParserError

if t.TYPE_CHECKING:
    from botocore.awsrequest import AWSResponse
    from botocore.model import OperationModel


JSON_IN_XML = ("GetBucketPolicy",)
"""The policy is the whole answer."""


def require_whole_answers(client: t.Any) -> None:
    """Let each call of this client fail whose answer is no whole document."""
    client.meta.events.register("after-call", _require_json, unique_id="mlflow-whole-answers")


def _require_json(http_response: AWSResponse, model: OperationModel, **_event: t.Any) -> None:
    """Called by botocore with each answer."""
    protocol = model.service_model.metadata.get("protocol", "")
    is_json = "json" in protocol or model.name in JSON_IN_XML
    if http_response.status_code >= 300 or not is_json or model.has_streaming_output or not http_response.content:
        return
    try:
        json.loads(http_response.content)
    except ValueError as error:
        # Without the text: it may be half of a link that opens the UI.
        refusal = ResponseParserError(f"Unable to parse response ({type(error).__name__}), invalid JSON received")
        t.cast("t.Any", refusal).operation_name = model.name
        raise refusal from None
