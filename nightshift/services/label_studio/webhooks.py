"""Label Studio's own word that somebody answered: where it is sent, and whether the queue is finished.

A webhook is sent once and its failure swallowed, so it is a hint; what is open is asked for. Knows no round.
"""

import json
from collections.abc import Mapping
from typing import Any

from nightshift.services.label_studio.api import Api
from nightshift.services.label_studio.pages import OPEN, PAGE
from nightshift.services.label_studio.poll import waiting

ACTIONS = ("ANNOTATION_CREATED", "ANNOTATIONS_CREATED", "ANNOTATION_UPDATED")  # a skipped question is an annotation


def ensure_webhook(api: Api, project: int, url: str, header: str, secret: str) -> int:
    """The id of the webhook of a project that carries our header; made, or brought up to date. There is one after it.

    Args:
        api: the connection.
        project: its id.
        url: where Label Studio shall send to.
        header: of the request, by which the webhook is known as ours.
        secret: its value.

    Raises:
        ReviewError: Label Studio refused the address (it blocks loopback unless told otherwise) or the header.
    """
    wanted = {
        "project": project,
        "url": url,
        "send_payload": False,  # the action's name is enough: answers are polled, and stay where they are
        "send_for_all_actions": False,
        "actions": list(ACTIONS),
        "headers": {header: secret},
        "is_active": True,
    }
    known = _known(api, project, header)
    if not known:
        made = api.make("api/webhooks/", lambda: wanted, lambda: _known(api, project, header) or None)
        return min(made) if isinstance(made, list) else int(made["id"])
    api.patch(f"api/webhooks/{known[0]}/", wanted)
    for spare in known[1:]:
        api.delete(f"api/webhooks/{spare}/")
    return known[0]


def open_questions(api: Api, project: int) -> int:
    """How many questions wait for somebody; exact when the queue is short, else at least as many."""
    query = {"filters": {"conjunction": "and", "items": [OPEN]}}
    asked = {"project": project, "query": json.dumps(query), "page_size": 1, "include": "id"}
    total = int(api.get("api/tasks", asked)["total"])
    return total if total > PAGE or not total else len(waiting(api, project))


def _known(api: Api, project: int, header: str) -> list[int]:
    """Ids of the project's webhooks with our header, lowest first."""
    listed = api.get("api/webhooks/", {"project": project})
    return sorted(int(each["id"]) for each in listed if _carries(each, header))


def _carries(webhook: Mapping[str, Any], header: str) -> bool:
    return any(name.lower() == header.lower() for name in webhook.get("headers") or {})
