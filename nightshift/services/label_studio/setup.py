"""The project in Label Studio: its label interface, its tabs, and the storage that resolves pictures.

Everything here is found before it is made, and looked for again after, so doing it every night changes nothing, and
an answer that was lost makes nothing twice. Where something is there twice all the same (two processes, a request that
was carried out long after we gave up on it) the one with the lowest id counts; of projects, the first that has tasks.
The others are removed, as far as they are ours and nothing lies in them. Knows no question.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nightshift.domain.errors import ReviewError
from nightshift.domain.ontology import Ontology
from nightshift.services.label_studio.api import Api, Unsure
from nightshift.services.label_studio.interface import instruction, label_config
from nightshift.services.label_studio.pages import OPEN, condition
from nightshift.services.label_studio.percent import IMAGE

MARKER = "[nightshift queue]"
DESCRIPTION = f"The frames that Nightshift asks people about, most valuable first. {MARKER}"
TITLE_LENGTH = (3, 50)  # what Label Studio accepts
QUEUE, ANSWERED = "Queue", "Answered"
SAID = condition("total_annotations", "greater", "Number", 0)
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
        ReviewError: the title is taken by a project that is not ours, or Label Studio refuses the change.
    """
    low, high = TITLE_LENGTH
    if not low <= len(title) <= high:
        raise ReviewError(f"project '{title}'", f"a title has {low} to {high} characters", "Choose another.")
    found = find_project(api, title)
    wanted = _settings(title, ontology)
    if found is None:
        made = api.make("api/projects/", lambda: wanted, lambda: find_project(api, title))
        found = find_project(api, title) or dict(made)
    _remove_empty(api, title, but=int(found["id"]))
    if any(found.get(key) != value for key, value in wanted.items()):
        _bring_up_to_date(api, found, wanted)
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
    found = _find_storage(api, project, access.bucket)
    if found is None:
        made = api.make("api/storages/s3", lambda: wanted, lambda: _find_storage(api, project, access.bucket))
        found = _find_storage(api, project, access.bucket) or made
    else:
        api.patch(f"api/storages/s3/{found['id']}", wanted)  # keys and endpoints change, and cannot be read back
    return int(found["id"])


def queue_tab(api: Api, project: int) -> int:
    """The id of the tab that lists what is open, most valuable first."""
    return _ensure_tabs(api, project)[QUEUE]


def find_project(api: Api, title: str) -> dict[str, Any] | None:
    """Our project with this title, the first that has tasks where it is there twice; None where there is none.

    Raises:
        ReviewError: the title is taken by a project that is not ours.
    """
    same = _titled(api, title)
    ours = [each for each in same if _is_ours(each)]
    if same and not ours:
        remedy = f"Rename it, put '{MARKER}' into its description, or set review.project to another title."
        raise ReviewError(f"Label Studio project '{title}'", "it exists and is not Nightshift's", remedy)
    return min(ours, key=lambda each: (not each.get("task_number"), _id(each)), default=None)


def _bring_up_to_date(api: Api, found: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    """All settings; an interface whose labels are used by answers cannot be taken away, so that one may stay.

    Answers given through it are judged one by one when they are read, and ingest tells that it is not ours.
    """
    path = f"api/projects/{found['id']}/"
    try:
        api.patch(path, wanted)
    except Unsure:
        raise
    except ReviewError:
        if found.get("label_config") == wanted["label_config"]:
            raise
        api.patch(path, {key: value for key, value in wanted.items() if key != "label_config"})


def _remove_empty(api: Api, title: str, but: int) -> None:
    for each in _titled(api, title):
        if _is_ours(each) and _id(each) != but and each.get("task_number") == 0:
            api.delete(f"api/projects/{each['id']}/")


def _titled(api: Api, title: str) -> list[dict[str, Any]]:
    listed = api.get("api/projects", {"title": title, "page_size": 1000})["results"]
    return [each for each in listed if each["title"] == title]


def _is_ours(project: Mapping[str, Any]) -> bool:
    return MARKER in (project.get("description") or "")


def _find_storage(api: Api, project: int, bucket: str) -> dict[str, Any] | None:
    known = api.get("api/storages/s3", {"project": project})
    ours = sorted((each for each in known if (each["title"], each["bucket"]) == (STORAGE, bucket)), key=_id)
    for spare in ours[1:]:
        api.delete(f"api/storages/s3/{spare['id']}")  # ours, and never synced: no task hangs on it
    return ours[0] if ours else None


def _id(each: Mapping[str, Any]) -> int:
    return int(each["id"])


def _settings(title: str, ontology: Ontology) -> dict[str, Any]:
    return {
        "title": title,
        "description": DESCRIPTION,
        "label_config": label_config(ontology),
        "expert_instruction": instruction(ontology),
        "enable_empty_annotation": True,
        "show_skip_button": True,
        "show_collab_predictions": True,
        "sampling": "Sequential sampling",
    }


def _ensure_tabs(api: Api, project: int) -> dict[str, int]:
    tabs = {
        each["title"]: each
        for each in (_tab(QUEUE, OPEN, "-tasks:data.priority"), _tab(ANSWERED, SAID, "-tasks:updated_at"))
    }
    known = {title: _ensure_tab(api, project, data) for title, data in tabs.items()}
    if _hides_half_answered(known[QUEUE]["data"]):
        api.patch(
            f"api/dm/views/{known[QUEUE]['id']}/",
            {"data": known[QUEUE]["data"] | {"filters": {"conjunction": "and", "items": [OPEN]}}},
        )
    return {title: int(each["id"]) for title, each in known.items()}


def _ensure_tab(api: Api, project: int, data: Mapping[str, Any]) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        return _find_tab(api, project, data)

    return look() or dict(api.make("api/dm/views/", lambda: {"project": project, "data": data}, look))


def _find_tab(api: Api, project: int, data: Mapping[str, Any]) -> dict[str, Any] | None:
    views = api.get("api/dm/views/", {"project": project})
    same = sorted((each for each in views if each["data"].get("title") == data["title"]), key=_id)
    for spare in same[1:]:
        if spare["data"] == data:  # as we made it: nobody has arranged it since
            api.delete(f"api/dm/views/{spare['id']}/")
    return same[0] if same else None


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
