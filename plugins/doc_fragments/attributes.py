# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the modules of this collection have in common, said once."""

from __future__ import annotations


class ModuleDocFragment:
    """Attributes and requirements of every module that converges a resource."""

    DOCUMENTATION = r"""
options: {}
requirements:
  - python >= 3.10
  - boto3 >= 1.42.62
  - botocore >= 1.42.62
attributes:
  check_mode:
    description: Can run in C(check_mode) and return what would change, in the shape of a real run, without a write call.
    support: full
  diff_mode:
    description: Returns the difference between what is and what is wished, the same in check mode and in a real run.
    support: full
  idempotent:
    description: A second run with the same options makes no write call and reports no change.
    support: full
"""

    # Options that every state module has for the tags of what it manages.
    TAGS = r"""
options:
  tags:
    description:
      - Tags that the resource must carry. Values are turned into strings, booleans into C(true) and C(false).
      - When omitted, tags are neither read nor changed.
    type: dict
    aliases: [resource_tags]
  purge_tags:
    description:
      - Whether tags that O(tags) does not name are removed.
      - Tags that begin with C(aws:), C(sagemaker:) or C(AmazonDataZone) belong to AWS and always stay.
    type: bool
    default: false
"""
