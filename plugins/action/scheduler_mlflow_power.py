# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the module of the same name in the controller when it would run on this machine."""

from __future__ import annotations

from ansible_collections.mlops.sagemaker_mlflow.plugins.plugin_utils._aws_action import AwsAction


class ActionModule(AwsAction):
    """Runs the module scheduler_mlflow_power."""
