# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What moto gets wrong and managed MLflow needs right. Every repair says what it repairs."""

from __future__ import annotations


def register() -> None:
    """Put the repairs into moto. Must run before the first request: moto keeps what it finds then."""
    from moto.cloudtrail import urls as cloudtrail_urls
    from moto.iam import urls as iam_urls  # loads moto's S3, IAM, KMS and STS
    from moto.kms import urls as kms_urls  # as above
    from moto.s3 import responses as s3_responses  # as above
    from moto.s3.models import S3Backend  # as above
    from moto.sts import urls as sts_urls  # as above

    from localaws.moto_repairs import s3_contents, s3_versions  # as above
    from localaws.moto_repairs.cloudtrail_responses import RepairedCloudTrailResponse
    from localaws.moto_repairs.iam_responses import RepairedIamResponse  # as above
    from localaws.moto_repairs.kms_responses import RepairedKmsResponse  # as above
    from localaws.moto_repairs.s3_responses import RepairedS3Response, judge_policies_elsewhere
    from localaws.moto_repairs.sts_responses import RepairedTokenResponse  # as above

    cloudtrail_urls.url_paths["{0}/$"] = RepairedCloudTrailResponse.dispatch
    iam_urls.url_paths["{0}/$"] = RepairedIamResponse.dispatch
    kms_urls.url_paths["{0}/$"] = RepairedKmsResponse.dispatch
    sts_urls.url_paths["{0}/$"] = RepairedTokenResponse.dispatch
    # moto loads the addresses of S3 anew for every look: only the class they name can be replaced.
    s3_responses.S3Response = RepairedS3Response
    S3Backend.list_object_versions = s3_versions.list_object_versions
    s3_contents.write_large_ones_at_once()
    judge_policies_elsewhere()


def register_for(service: str) -> None:
    """Repairs of a service that few need and that is large: they wait for its first request."""
    if service == "ec2":
        from moto.ec2 import urls as ec2_urls  # as the function says

        from localaws.moto_repairs.ec2_endpoints import RepairedEc2Response  # as the function says

        ec2_urls.url_paths["{0}/"] = RepairedEc2Response.dispatch
