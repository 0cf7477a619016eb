# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The documentation site, as build.sh lays out its sources: the repository's own pages, and the plugins' by antsibull-docs."""

from __future__ import annotations

project = "mlops.sagemaker_mlflow"
author = "The mlops.sagemaker_mlflow contributors"
copyright = "The mlops.sagemaker_mlflow contributors"  # noqa: A001  # Sphinx's name
html_title = "mlops.sagemaker_mlflow"
html_short_title = "SageMaker MLflow"
html_theme = "sphinx_ansible_theme"
html_theme_options = {"vcs_pageview_mode": "", "documentation_home_url": "index.html", "topbar_links": {}}
html_show_sphinx = False
html_copy_source = False

extensions = ["myst_parser", "sphinx_antsibull_ext"]
pygments_style = "ansible"
highlight_language = "YAML+Jinja"
myst_heading_anchors = 3
default_role = "any"
nitpicky = True
nitpick_ignore_regex = [("std:envvar", "ANSIBLE_CACHE_PLUGIN.*")]  # explained by ansible-core
