# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How fast and how completely everything moves, beside the best other tool: ``make bench-migration``."""
