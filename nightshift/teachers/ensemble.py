"""Several teachers, fused into one: `teacher.members` names them. docs/ensembles.md says when that is worth it.

Knows no family: each member is opened by its own.
"""

import hashlib
import importlib.util
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from nightshift.domain.cards import ModelCard, Role
from nightshift.domain.errors import ConfigError, ModelError
from nightshift.domain.models import Detector, TeacherSpec
from nightshift.domain.ontology import Ontology
from nightshift.teachers import open_teacher as open_one

TWO = 2
CARDS = (
    ModelCard(
        name="ensemble",
        family="ensemble",
        role=Role.TEACHER,
        licence="the members'",
        input_size="the members'",
        parameters=None,
        prompts="the members'",
        threshold=0.1,
        weights="",
        advice="Only where `nightshift teachers` shows that the fusion beats its best member; it costs all their time.",
    ),
)


def open_teacher(spec: TeacherSpec, ontology: Ontology, champion: Detector | None) -> Detector | None:
    """Open every member.

    Raises:
        ConfigError: there are fewer than two, one cannot label by itself, or trust is put in an unknown class.
        ModelError: the weights of a member, or the package that fuses, cannot be had.
    """
    from nightshift.teachers._fusion import Ensemble  # noqa: PLC0415 - heavy

    if importlib.util.find_spec("ensemble_boxes") is None:
        reason = "the package that fuses boxes is not installed"
        raise ModelError("teacher 'ensemble'", reason, "Install nightshift[ensemble].")
    members = tuple(_opened(each, ontology, champion) for each in spec.members)
    if len(members) < TWO:
        raise ConfigError("teacher.members", "an ensemble needs two or more", "Name another, or use the one by itself.")
    weights = trusts(spec, ontology)
    return Ensemble(_version(members, weights), members, weights, spec.threshold)


def trusts(spec: TeacherSpec, ontology: Ontology) -> NDArray[np.float64]:
    """(members, classes): how much each member's boxes count, 1 where nothing is said.

    Raises:
        UnknownName: no class has that name.
    """
    weights = np.ones((len(spec.members), len(ontology)))
    for row, member in zip(weights, spec.members, strict=True):
        for name, weight in member.trust:
            row[ontology.index(name)] = weight
    return weights


def _opened(spec: TeacherSpec, ontology: Ontology, champion: Detector | None) -> Detector:
    member = open_one(replace(spec, second_opinion=""), ontology, champion)
    if member is None:
        raise ConfigError("teacher.members", f"'{spec.name}' has nothing to label with yet", "Name another.")
    return member


def _version(members: tuple[Detector, ...], weights: NDArray[np.float64]) -> str:
    """All members; with weights that differ, their digest: other weights give other boxes."""
    names = " & ".join(each.version for each in members)
    equal = (weights == weights.flat[0]).all()
    return f"fusion({names})" + ("" if equal else f"@{hashlib.sha256(weights.tobytes()).hexdigest()[:12]}")
