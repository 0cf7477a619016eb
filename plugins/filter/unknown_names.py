# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Find misspelt names, and say what was probably meant."""

from __future__ import annotations

import typing as t

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _variable_rules

if t.TYPE_CHECKING:
    from collections.abc import Callable

DOCUMENTATION = r"""
name: unknown_names
short_description: Names that do not exist, each with the name that was probably meant
version_added: 0.1.0
author: The mlops.sagemaker_mlflow contributors (@mlops)
description:
  - A role's argument specification accepts variables that it does not know, so a misspelt variable is ignored in silence.
    This filter finds them.
positional: known
options:
  _input:
    description: The names that were given.
    type: list
    elements: str
    required: true
  known:
    description: The names that exist.
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
- name: Refuse misspelt variables
  ansible.builtin.assert:
    that: unknown | length == 0
    fail_msg: "These variables do not exist: {{ unknown | join(', ') }}."
  vars:
    unknown: "{{ query('ansible.builtin.varnames', '^web_') | mlops.sagemaker_mlflow.unknown_names(['web_port', 'web_user']) }}"
"""

RETURN = r"""
_value:
  description: The unknown names in alphabetical order, as in C(web_prot (did you mean web_port?)).
  type: list
  elements: str
"""


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, Callable[..., list[str]]]:
        """The filters of this file."""
        return {"unknown_names": _variable_rules.unknown_names}
