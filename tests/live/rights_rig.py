"""A real S3 server that enforces IAM policies: an owner with a bucket, and users who may do what a policy says."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from nightshift.services.store.places import Place
from nightshift.services.store.s3 import Store
from tests.contract.s3_servers import client_for
from tests.live import radosgw

Policy = dict[str, Any]
BUCKET, URI = "night", "s3://night/team/line"
ACCESS = re.compile(r'- (\w*) \[[^\]]+\] "(\w+) (\S+) HTTP/1.1" (\d+)')  # radosgw's access log


@dataclass(frozen=True)
class Gate:
    """The server, and the hand that grants.

    Args:
        url: of the server.
        owner: client of the bucket's owner, who may do everything.
        iam: sets the policies of users.
        folder: of the server's files.
    """

    url: str
    owner: Any
    iam: Any
    folder: Path

    def user(self, name: str) -> str:
        """A new user without any right; name and access key are the same."""
        words = ["user", "create", f"--uid={name}", f"--display-name={name}", f"--access-key={name}"]
        self._admin(*words, f"--secret={secret(name)}")
        return name

    def allow(self, user: str, *policies: Policy) -> None:
        """These policies, as they are, and no others."""
        statements = [each for policy in policies for each in policy["Statement"]]
        document = json.dumps({"Version": "2012-10-17", "Statement": statements})
        self.iam.put_user_policy(UserName=user, PolicyName="all", PolicyDocument=document)

    def store(self, user: str, uri: str = URI, also: tuple[str, ...] = ()) -> Store:
        """The project's store as the user sees it."""
        return Store.connect(uri, also, self.client(user))

    def client(self, user: str) -> Any:
        """An S3 client of a user."""
        return client_for(self.url, user, secret(user))

    def keys(self, place: Place) -> list[str]:
        """What lies in a place, as its owner sees it; without what is there only to be tried."""
        found = self.owner.list_objects_v2(Bucket=place.bucket, Prefix=place.root).get("Contents", [])
        names = [each["Key"].removeprefix(place.root) for each in found]
        return [each for each in names if not each.startswith(("probe/", ".doctor/"))]

    def asked(self, user: str) -> list[tuple[str, str, int]]:
        """Every request of a user so far: method, path with query, status."""
        log = (self.folder / "client.rgw.log").read_text(encoding="utf-8", errors="replace")
        return [(method, path, int(status)) for who, method, path, status in ACCESS.findall(log) if who == user]

    def _admin(self, *words: str) -> None:
        radosgw._run(self.folder, ["radosgw-admin", "-n", "client.rgw", "-c", str(self.folder / "ceph.conf"), *words])


@contextmanager
def gate(folder: Path) -> Iterator[Gate]:
    """A server with one bucket. Skips where Ceph is not installed."""
    with radosgw.radosgw_server(folder) as (url, key, word):
        keys = {"aws_access_key_id": key, "aws_secret_access_key": word, "region_name": "us-east-1"}
        opened = Gate(url, client_for(url, key, word), boto3.client("iam", endpoint_url=url, **keys), folder)
        opened._admin("caps", "add", "--uid=night", "--caps=user-policy=*")
        opened.owner.create_bucket(Bucket=BUCKET)
        opened.owner.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(_all_for("night")))
        yield opened


def _all_for(user: str) -> Policy:
    """Objects belong to whoever wrote them: without this, the bucket's owner could not read those of its users."""
    resources = [f"arn:aws:s3:::{BUCKET}", f"arn:aws:s3:::{BUCKET}/*"]
    principal = {"AWS": [f"arn:aws:iam:::user/{user}"]}
    statement = {"Effect": "Allow", "Principal": principal, "Action": "s3:*", "Resource": resources}
    return {"Version": "2012-10-17", "Statement": [statement]}


def secret(user: str) -> str:
    """A user's secret key."""
    return f"secret-of-{user}"


def actions(policy: Mapping[str, Any]) -> set[str]:
    """Every action that a policy allows."""
    return {action for each in policy["Statement"] for action in _listed(each["Action"])}


def without(policy: Policy, action: str) -> Policy:
    """The policy with one action left out."""
    rest = deepcopy(policy)
    for each in rest["Statement"]:
        each["Action"] = [name for name in _listed(each["Action"]) if name != action]
    rest["Statement"] = [each for each in rest["Statement"] if each["Action"]]
    return rest


def denying(policy: Policy, action: str) -> Policy:
    """The policy with one action forbidden, whatever else is allowed."""
    resources = [f"arn:aws:s3:::{BUCKET}", f"arn:aws:s3:::{BUCKET}/*"]
    deny = {"Effect": "Deny", "Action": action, "Resource": resources}
    return {**policy, "Statement": [*policy["Statement"], deny]}


def _listed(word: str | list[str]) -> list[str]:
    return [word] if isinstance(word, str) else word


def iam_action(method: str, path: str) -> str:
    """What IAM calls a request (Amazon S3's service authorization reference)."""
    object_, _, query = path.partition("?")
    if "/" not in object_.strip("/"):
        return "s3:ListBucket"
    if method == "DELETE":
        return "s3:AbortMultipartUpload" if "uploadId" in query else "s3:DeleteObject"
    return {"GET": "s3:GetObject", "HEAD": "s3:GetObject", "PUT": "s3:PutObject", "POST": "s3:PutObject"}[method]
