# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Live progress for the module of the same name."""

from __future__ import annotations

from ansible_collections.mlops.sagemaker_mlflow.plugins.plugin_utils._live_progress import LiveProgressAction


class ActionModule(LiveProgressAction):
    """Runs the module mlflow_migration and shows how far it is."""
