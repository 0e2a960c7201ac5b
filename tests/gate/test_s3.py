"""S3's requests are judged as well, and as the operations that they are."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

import pytest

from tests.gate import s3
from tests.gate.rules.proof import refused
from tests.integration.account import REGION, pair_in_moto


def test_what_s3_is_asked_is_judged_as_the_operation_that_it_is() -> None:
    with pair_in_moto(subnets=1, backends=0) as account:
        client: Any = account.session.client("s3")
        client.create_bucket(Bucket="assets", CreateBucketConfiguration={"LocationConstraint": REGION})
        with refused("InvalidArgument", "StorageClass"):
            client.put_object(Bucket="assets", Key="t", Body=b"t", StorageClass="CHEAP")
        with refused("InvalidArgument", "Status"):
            client.put_bucket_versioning(Bucket="assets", VersioningConfiguration={"Status": "On"})
        assert "Contents" not in client.list_objects_v2(Bucket="assets")


@pytest.mark.parametrize(
    ("method", "path", "query", "headers", "name"),
    [
        ("GET", "/", "", "", "ListBuckets"),
        ("GET", "/{Bucket}", "list-type=2&prefix=a", "", "ListObjectsV2"),
        ("GET", "/{Bucket}", "prefix=a", "", "ListObjects"),
        ("GET", "/{Bucket}", "encryption", "", "GetBucketEncryption"),
        ("HEAD", "/{Bucket}", "", "", "HeadBucket"),
        ("GET", "/{Bucket}/{Key+}", "x-id=GetObject", "", "GetObject"),
        ("PUT", "/{Bucket}/{Key+}", "", "content-length", "PutObject"),
        ("PUT", "/{Bucket}/{Key+}", "", "x-amz-copy-source", "CopyObject"),
        ("PUT", "/{Bucket}/{Key+}", "partNumber=1&uploadId=u", "", "UploadPart"),
        ("POST", "/{Bucket}", "delete", "", "DeleteObjects"),
        ("PATCH", "/{Bucket}", "", "", None),
    ],
)
def test_an_operation_of_s3_is_known_by_method_path_query_and_headers(
    method: str, path: str, query: str, headers: str, name: str | None
) -> None:
    values = parse_qs(query, keep_blank_values=True)
    assert s3.operation(method, path, values, dict.fromkeys(headers.split(), "")) == name
