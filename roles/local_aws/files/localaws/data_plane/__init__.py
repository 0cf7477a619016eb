# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the mlflow client and the browser talk to: the APIs and UIs of the tracking servers and Apps."""
