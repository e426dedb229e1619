"""Simulated people: they take the queue in its order and answer through the real Label Studio, with slips and all.

They know the truth of the demo's data set; Nightshift never sees it except through what they say.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from nightshift.domain.detections import Detections
from nightshift.domain.models import Progress, no_progress
from nightshift.domain.review import BLIND
from nightshift.project import Project
from nightshift.services.label_studio.answers import asked_of
from nightshift.services.label_studio.overlap import people, wanted
from nightshift.services.label_studio.submit import SimulatedReviewer, ensure_reviewer, submit
from nightshift.simulation.reviewers import Scene, Skill, crew, review

CREW = 2
Colleague = tuple[Skill, SimulatedReviewer]


def answer_queue(
    project: Project,
    truth: Mapping[str, Detections],
    rng: np.random.Generator,
    leave: int = 0,
    progress: Progress = no_progress,
) -> int:
    """Answer what waits in the queue, best frame first, each as often as it was asked; returns how many frames.

    Args:
        project: whose queue.
        truth: every frame's objects, by the frame's name.
        rng: of the reviewers' slips and speed.
        leave: that many of the last frames stay open, for whoever watches.
        progress: told after each frame.
    """
    title = project.config.review.project or project.config.project
    number = project.desk.ensure_project(title, project.config.classes)
    waiting, crew_ = project.desk.waiting(number), _crew(project)
    waiting = waiting[: max(len(waiting) - leave, 0)]
    for i, task in enumerate(waiting):
        for colleague in _takers(task, crew_[i % CREW :] + crew_[: i % CREW]):
            _answer(project, task, truth, rng, colleague)
        progress(i + 1, len(waiting))
    return len(waiting)


def _takers(task: Mapping[str, Any], colleagues: Sequence[Colleague]) -> Sequence[Colleague]:
    """Who answers now: nobody twice, and no more than were asked."""
    before = people(task)
    return [each for each in colleagues if each[1].user not in before][: wanted(task)]


def _crew(project: Project) -> list[Colleague]:
    prices = project.config.price_list
    skills = crew(CREW, replace(Skill(), prices=prices))
    return [(skill, ensure_reviewer(project.desk.api, i)) for i, skill in enumerate(skills, start=1)]


def _answer(
    project: Project,
    task: Mapping[str, Any],
    truth: Mapping[str, Detections],
    rng: np.random.Generator,
    colleague: Colleague,
) -> None:
    skill, user = colleague
    ontology = project.config.classes
    asked, _ = asked_of(task, ontology)
    known = truth.get(task["data"]["name"])
    if known is None:  # a picture that the data set has no labels for
        submit(project.desk.api, task, None, skill.prices.glance_seconds, user, ontology)
        return
    scene = Scene(known, asked.size, len(ontology))
    said, seconds = review(scene, None if asked.purpose in BLIND else asked.shown, rng, skill)
    submit(project.desk.api, task, said, seconds, user, ontology)
