"""The project in Label Studio: its label interface, its tabs, and the storage that resolves pictures.

Everything here is found before it is made, so doing it every night changes nothing. Knows no question.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nightshift.domain.errors import ReviewError
from nightshift.domain.ontology import Ontology
from nightshift.services.label_studio.api import Api
from nightshift.services.label_studio.interface import INSTRUCTION, label_config
from nightshift.services.label_studio.percent import IMAGE

MARKER = "[nightshift queue]"
DESCRIPTION = f"The frames that Nightshift asks people about, most valuable first. {MARKER}"
TITLE_LENGTH = (3, 50)  # what Label Studio accepts
QUEUE, ANSWERED = "Queue", "Answered"
# Completed is what as many people have answered as it was put to: a task with one of two opinions stays in the queue.
OPEN = {"filter": "filter:tasks:completed_at", "operator": "empty", "type": "Datetime", "value": True}
SAID = {"filter": "filter:tasks:total_annotations", "operator": "greater", "type": "Number", "value": 0}
STORAGE = "nightshift frames"
WIDTHS = {"image": 150, "reason": 360, "priority": 120, "name": 170, "clip": 120, "round": 90}  # pixels
HIDDEN = ("value", "usd", "model", "purpose", "width", "height", "frame_id", "key")
CLUTTER = (
    "inner_id", "completed_at", "total_annotations", "cancelled_annotations", "total_predictions", "annotators",
    "annotations_results", "annotations_ids", "predictions_score", "predictions_model_versions",
    "predictions_results", "file_upload", "storage_filename", "created_at", "updated_at", "updated_by",
    "avg_lead_time", "draft_exists", "state",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class BucketAccess:
    """How Label Studio reaches a bucket.

    Args:
        bucket: its name.
        prefix: where the frames lie; Label Studio refuses a prefix without any object.
        endpoint: of an S3 server that is not Amazon's; reachable from Label Studio and from browsers.
        region: of the bucket.
        access_key: id of the key that signs.
        secret_key: the key.
        presign_minutes: how long a picture's link lives.
    """

    bucket: str
    prefix: str
    endpoint: str | None
    region: str
    access_key: str
    secret_key: str
    presign_minutes: int

    def __repr__(self) -> str:
        return f"BucketAccess({self.bucket!r}, {self.prefix!r}, {self.endpoint!r})"  # never the secret


def ensure_project(api: Api, title: str, ontology: Ontology) -> int:
    """The id of the project with this title, made or brought up to date.

    Raises:
        ReviewError: the title is taken by a project that is not ours, or Label Studio refuses the change
            (a class with answers cannot be removed).
    """
    low, high = TITLE_LENGTH
    if not low <= len(title) <= high:
        raise ReviewError(f"project '{title}'", f"a title has {low} to {high} characters", "Choose another.")
    found = _find(api, title)
    wanted = _settings(title, ontology)
    if found is None:
        found = api.post("api/projects/", wanted)
    elif any(found.get(key) != value for key, value in wanted.items()):
        api.patch(f"api/projects/{found['id']}/", wanted)
    _ensure_tabs(api, int(found["id"]))
    return int(found["id"])


def ensure_storage(api: Api, project: int, access: BucketAccess) -> int:
    """The id of the storage that presigns pictures of a bucket. It is never synced: that makes tasks of files."""
    wanted = {
        "project": project,
        "title": STORAGE,
        "bucket": access.bucket,
        "prefix": access.prefix,
        "s3_endpoint": access.endpoint,
        "region_name": access.region,
        "aws_access_key_id": access.access_key,
        "aws_secret_access_key": access.secret_key,
        "presign": True,
        "presign_ttl": access.presign_minutes,
        "use_blob_urls": True,
        "synchronizable": False,
    }
    known = api.get("api/storages/s3", {"project": project})
    ours = [each["id"] for each in known if (each["title"], each["bucket"]) == (STORAGE, access.bucket)]
    if ours:
        api.patch(f"api/storages/s3/{min(ours)}", wanted)  # keys and endpoints change, and cannot be read back
        return int(min(ours))
    return int(api.post("api/storages/s3", wanted)["id"])


def queue_tab(api: Api, project: int) -> int:
    """The id of the tab that lists what is open, most valuable first."""
    return _ensure_tabs(api, project)[QUEUE]


def _find(api: Api, title: str) -> dict[str, Any] | None:
    listed = api.get("api/projects", {"title": title, "page_size": 1000})["results"]
    same = sorted((each for each in listed if each["title"] == title), key=lambda each: int(each["id"]))
    ours = [each for each in same if MARKER in (each.get("description") or "")]
    if same and not ours:
        remedy = f"Rename it, put '{MARKER}' into its description, or set review.project to another title."
        raise ReviewError(f"Label Studio project '{title}'", "it exists and is not Nightshift's", remedy)
    return dict(ours[0]) if ours else None


def _settings(title: str, ontology: Ontology) -> dict[str, Any]:
    return {
        "title": title,
        "description": DESCRIPTION,
        "label_config": label_config(ontology),
        "expert_instruction": INSTRUCTION,
        "enable_empty_annotation": True,
        "show_skip_button": True,
        "show_collab_predictions": True,
        "sampling": "Sequential sampling",
    }


def _ensure_tabs(api: Api, project: int) -> dict[str, int]:
    views = api.get("api/dm/views/", {"project": project})
    known = {each["data"].get("title"): each for each in reversed(views)}
    for data in (_tab(QUEUE, OPEN, "-tasks:data.priority"), _tab(ANSWERED, SAID, "-tasks:updated_at")):
        if data["title"] not in known:
            known[data["title"]] = api.post("api/dm/views/", {"project": project, "data": data})
    if _hides_half_answered(known[QUEUE]["data"]):
        api.patch(
            f"api/dm/views/{known[QUEUE]['id']}/",
            {"data": known[QUEUE]["data"] | {"filters": {"conjunction": "and", "items": [OPEN]}}},
        )
    return {title: int(each["id"]) for title, each in known.items()}


def _hides_half_answered(tab: Mapping[str, Any]) -> bool:
    """Whether a queue made before questions went to several people still lists only what nobody has answered."""
    items = (tab.get("filters") or {}).get("items") or []
    return [each.get("filter") for each in items] == [SAID["filter"]]


def _tab(title: str, condition: Mapping[str, Any], ordering: str) -> Mapping[str, Any]:
    hidden = [f"tasks:data.{field}" for field in HIDDEN] + [f"tasks:{column}" for column in CLUTTER]
    return {
        "title": title,
        "ordering": [ordering],
        "filters": {"conjunction": "and", "items": [condition]},
        "hiddenColumns": {"explore": hidden, "labeling": hidden},
        "columnsDisplayType": {f"tasks:data.{IMAGE}": "Image", "tasks:data.priority": "Number"},
        "columnsWidth": {f"tasks:data.{field}": width for field, width in WIDTHS.items()},
    }
