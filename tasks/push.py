"""Send the queue to Label Studio, best frame first; doing it twice makes no second task."""

from typing import Any

from prefect import task

from nightshift.domain.models import Progress
from nightshift.domain.rounds import Receipt
from nightshift.round import OpenRound
from tasks.choose import questions
from tasks.stage import RoundRef, run_stage, worth_retrying


@task(name="push", retries=2, retry_delay_seconds=10, retry_condition_fn=worth_retrying)
def push(ref: RoundRef) -> Receipt:
    """Every question of tonight as a task, with its boxes unless it is blind."""
    return run_stage(ref, "push", _body)


def _body(night: OpenRound, progress: Progress) -> dict[str, Any]:
    config, desk = night.config, night.project.desk
    project = desk.ensure_project(config.review.project or config.project, config.classes)
    night.project.attach_storage(project)
    night.check_lease()
    report = desk.push(project, questions(night), config.classes, progress)
    return {"created": report.created, "present": report.present, "queue_url": desk.queue_url(project)}
