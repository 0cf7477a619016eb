# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""How often and how long the collection tries, in seconds. What is not here is an option; docs/faults.md lists both.

Two pauses are the first and the longest: they double from the one to the other.
"""

from __future__ import annotations

ATTEMPTS = 8
"""How often botocore sends one request before it gives up on 5xx answers and lost connections
(mode C(standard): exponential back-off with jitter, at most 20 s between two attempts)."""
THROTTLED_ATTEMPTS = 10
"""How often a request is sent that AWS throttles. All that ask the same service queue for it: see _congestion_window."""
THROTTLED_PAUSES = 0.1, 20.0
"""Before a request is repeated that was refused although it was the only one under way."""
CONNECT_TIMEOUT = 10
READ_TIMEOUT = 60

ROUNDS = 4
"""How often a plan is made anew when somebody else changed the resource between our read and our write."""

IAM_PAUSES = 0.2, 10.0
"""Between two looks at whether IAM shows what was written; the option wait_timeout ends them."""
BULK_READ_AGE = 5.0
"""For how long the hosts of a run share one look at all roles of an account."""
IAM_APPEARANCE = 20.0
"""How long a role that IAM says exists may stay invisible before we believe that it has another name."""

S3_CONFLICT = 90.0
"""How long S3 may say that another operation on the bucket is in progress."""
S3_CONFLICT_PAUSES = 0.5, 10.0
S3_APPEARANCE = 20.0
"""How long S3 may not know a bucket that it has made, before we believe that somebody has deleted it."""
S3_CONFIRMATION = 30.0
"""How long S3 may take to show a setting that it accepted: settings of buckets are eventually consistent."""
S3_CONFIRMATION_PAUSES = 0.5, 5.0

SAGEMAKER_LAG = 30.0
"""For how long Describe may still show the state from before a call."""
SAGEMAKER_FIRST_PAUSE = 1.0
"""Before the second look. The pause doubles up to the wished one, so that what is quick is also seen quickly."""
SAGEMAKER_LONGEST_PAUSE = 60.0
"""The most that the option wait_delay may be: a longer pause would leave the reader of the progress lines alone."""
SAGEMAKER_REFUSALS = 2
"""How often AWS may refuse an operation in one settled state before that is believed: the first may be a lag."""
SAGEMAKER_REFUSAL_PAUSE = 10.0
SAGEMAKER_ROLE_PAUSE = 5.0
APP_CREATION_PAUSE = 20.0
"""The longest between two attempts to create an App."""

SCHEDULER_ROLE_PAUSES = 1.0, 5.0
ONCE_LIMIT = 60.0
"""For how long a call is tried that must not be sent twice unseen: creating a KMS key, or a version of a managed policy."""
ONCE_PAUSES = 0.5, 5.0
EC2_PAUSES = 1.0, 10.0
CLOUDTRAIL_BUSY, CLOUDTRAIL_BUSY_PAUSE = 30.0, 1.0
CLOUDTRAIL_CONFIRMATION, CLOUDTRAIL_CONFIRMATION_PAUSE = 20.0, 0.5

MLFLOW_ATTEMPTS = 12
"""How often one request to an MLflow server is sent before a migration gives up on throttling, 5xx answers and lost connections."""
MLFLOW_ATTEMPTS_AT_500 = 7
"""An internal error is as a rule the same each time; a server that starts or is busy says something else."""
MLFLOW_PAUSES = 0.1, 20.0
MLFLOW_CONNECT_TIMEOUT = 10.0
MLFLOW_READ_TIMEOUT = 120.0
ARTIFACT_ATTEMPTS = 6
"""How often a file is begun anew that broke off on its way."""
ARTIFACT_PAUSES = 0.4, 10.0
DATABASE_LOCK = 60.0
"""How long SQLite may be locked by the server that writes there."""
