"""The door before the S3 server: whom it recognises by name."""

import pytest

from infra.local.object_store import named_key


def request(authorization: str = "", query: str = "") -> dict[str, object]:
    return {"headers": [(b"authorization", authorization.encode())], "query_string": query.encode()}


@pytest.mark.parametrize(
    "asked",
    [
        request("AWS4-HMAC-SHA256 Credential=KEY/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"),
        request("AWS KEY:c2lnbmF0dXJl"),
        request(query="X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=KEY%2F20260101%2Fus-east-1&X-Amz-Signature=0"),
        request(query="AWSAccessKeyId=KEY&Signature=0&Expires=1"),
    ],
)
def test_a_key_is_read_from_every_way_of_signing(asked: dict[str, object]) -> None:
    assert named_key(asked) == "KEY"


@pytest.mark.parametrize(
    "asked",
    [
        request(),
        request("Bearer KEY"),
        request(query="Key=KEY"),
        request("AWS4-HMAC-SHA256 Credential=test/2026/x", query="X-Amz-Credential=KEY%2F2026"),
        request(query="note=Credential=KEY/2026"),
    ],
)
def test_a_request_that_does_not_sign_with_the_key_does_not_name_it(asked: dict[str, object]) -> None:
    assert named_key(asked) != "KEY"
