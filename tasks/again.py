"""Questions that are put to another person: a share of all, those on which people differ, labels that look wrong."""

from collections import defaultdict

import numpy as np

from nightshift.acquisition.functions import open_function
from nightshift.acquisition.pool import Pool
from nightshift.domain.detections import Detections
from nightshift.domain.disputes import disputes, second_opinions
from nightshift.round import OpenRound, Row
from nightshift.services.store import rows

Key = tuple[str, int]  # a question: the frame, and the round that asked it
SURE = 0.5  # score from which on the teacher's word stands against a person's
SUSPICIOUS = 1.0  # expected corrections of people's own answer, from which on it is looked at again


def with_opinions(night: OpenRound, queue: list[Row]) -> list[Row]:
    """A queue with the number of people that each question goes to."""
    review, known = night.config.review, len(reviewers(night))
    people = second_opinions(len(queue), review.second_opinion_share, known, night.rng("opinions"), review.opinions)
    return [row | {"opinions": n} for row, n in zip(queue, people.tolist(), strict=True)]


def disputed(night: OpenRound) -> list[Row]:
    """Questions on which people differ, to be put to one more person: the rows as they were asked, with the reason."""
    asked = _asked(night)
    answers = rows.answers_from_rows(night.history("corrections"))
    wanted = {key: row["opinions"] for key, row in asked.items()}
    found = [(asked.get((each.frame_id, each.round)), each) for each in disputes(answers, wanted, reviewers(night))]
    return [row | {"reason": each.reason, "opinions": each.opinions} for row, each in found if row]


def suspected(night: OpenRound) -> list[Row]:
    """Answers of a single person that the teacher contradicts, to be put to somebody else, the worst per dollar first.

    The teacher has not been trained on them; a student has, and agrees with what it learned. Nobody is asked where the
    champion teaches, or where there is nobody else to ask.
    """
    people, labels, auto = _people(night), night.labels(), night.autolabels()
    alone = {key: row for key, row in _asked(night).items() if len(people[key]) == 1 == row["opinions"]}
    told = {key: row for key, row in alone.items() if key[0] in labels and not _taught(auto.get(key[0]))}
    if len(reviewers(night)) < 2 or not told:  # noqa: PLR2004 - two people
        return []
    doubts = _suspicion(night, [auto[f][1] for f, _ in told], [labels[f] for f, _ in told])
    left = night.config.budget.usd_per_night * night.config.review.recheck_share
    chosen = []
    for doubt, row in sorted(zip(doubts, told.values(), strict=True), key=lambda each: -each[0] / each[1]["usd"]):
        if doubt >= SUSPICIOUS and row["usd"] <= left:
            left -= row["usd"]
            chosen.append(row | {"reason": f"look again: {doubt:.1f} boxes may be missing or wrong", "opinions": 2})
    return chosen


def outstanding_usd(night: OpenRound) -> float:
    """Dollars of earlier questions that still wait: they are paid from tonight's budget first. A skip is an answer."""
    people = _people(night)
    return float(sum(row["usd"] * max(0, row["opinions"] - len(people[key])) for key, row in _asked(night).items()))


def reviewers(night: OpenRound) -> set[str]:
    """Everybody who has ever answered."""
    return {row["annotator"] for row in night.history("corrections") if not row["skipped"]}


def _asked(night: OpenRound) -> dict[Key, Row]:
    """Every question by its last row: one that is put again asks for more people than before."""
    return {(row["frame_id"], rows.asked_in(row)): row for row in night.questions()}


def _people(night: OpenRound) -> dict[Key, set[str]]:
    people: dict[Key, set[str]] = defaultdict(set)
    for row in night.history("corrections"):
        people[row["frame_id"], row["round"]].add(row["annotator"])
    return people


def _taught(auto: tuple[str, Detections] | None) -> bool:
    """Whether no independent teacher has looked at a frame."""
    return auto is None or auto[0].startswith("champion/")


def _suspicion(night: OpenRound, found: list[Detections], said: list[Detections]) -> list[float]:
    frames = len(found)
    pool = Pool(
        shown=found,
        vectors=np.zeros((frames, 0), np.float32),
        labelled_vectors=np.zeros((0, 0), np.float32),
        corrections=np.zeros(frames),
        usd=np.ones(frames),
        clips=[""] * frames,
        shown_above=SURE,
        class_counts=np.zeros(len(night.config.classes), np.int64),
        labelled=said,
    )
    doubts: list[float] = open_function("suspicion")(pool, night.rng("suspicion")).tolist()
    return doubts
