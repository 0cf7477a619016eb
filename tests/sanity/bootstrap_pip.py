# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Put pip into a virtual environment without a download; ansible-test runs this with pip==VERSION among the arguments."""

from __future__ import annotations

import subprocess
import sys

subprocess.check_call([sys.executable, "-m", "ensurepip", "--default-pip"], stdout=subprocess.DEVNULL)
if wanted := [argument for argument in sys.argv[1:] if argument.startswith("pip==")]:
    subprocess.check_call([sys.executable, "-m", "pip", "install", "--quiet", *wanted], stdout=subprocess.DEVNULL)
