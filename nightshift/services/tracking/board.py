"""The page of an experiment in MLflow's own interface, arranged for rounds: which columns, which charts.

MLflow keeps an arrangement that people share as an experiment tag, and opens it by a key in the address. The format is
that of its interface (3.x) and is no public contract: where a version does not know it, the plain page opens instead.
"""

import json
from typing import Any

KEY = "nightshift"
TAG = f"mlflow.sharedViewState.{KEY}"
COLUMNS = (
    "map50", "map50_95", "human_usd", "compute_usd", "usd_per_map_point", "frames_reviewed", "green", "yellow",
    "red", "queue_length",
)  # fmt: skip
SECTIONS = {
    "Accuracy on the golden set": ("map50", "map50_95"),
    "Dollars": ("human_usd", "compute_usd", "total_usd", "usd_per_map_point"),
    "Triage": ("green", "yellow", "red"),
    "What people changed": ("boxes_kept", "boxes_moved", "boxes_relabelled", "boxes_added", "boxes_deleted"),
}


def tag() -> str:
    """The arrangement, as the value of the experiment's tag."""
    charts = [_bar(section, name) for section, metrics in SECTIONS.items() for name in metrics]
    columns = [f"metrics.`{name}`" for name in COLUMNS]
    arranged = {
        "orderByKey": "attributes.`Created`",
        "orderByAsc": False,
        "selectedColumns": columns,
        "columnOrder": columns,
        "compareRunCharts": charts,
        "compareRunSections": [_section(name) for name in SECTIONS],
        "isAccordionReordered": True,
    }
    return json.dumps(arranged)


def url(address: str, experiment: str) -> str:
    """The address of the experiment's page, so arranged."""
    query = f"workflowType=machine_learning&viewStateShareKey={KEY}"
    return f"{address}/#/experiments/{experiment}/runs?{query}"


def _section(name: str) -> dict[str, Any]:
    return {"uuid": name, "name": name, "display": True, "isReordered": True}


def _bar(section: str, metric: str) -> dict[str, Any]:
    return {
        "type": "BAR",
        "uuid": f"{KEY}-{metric}",
        "metricSectionId": section,
        "metricKey": metric,
        "runsCountToCompare": 10,
        "isGenerated": False,
        "deleted": False,
    }
