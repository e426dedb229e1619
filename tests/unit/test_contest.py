"""Who becomes champion among students that found this and that."""

import numpy as np
import pytest
from fake_student import small_world

from nightshift.domain.detections import Detections
from nightshift.domain.errors import UnknownName
from nightshift.simulation.contest import Entrant, Result, advice, judge, milliseconds
from nightshift.simulation.world import World

YOLO, DFINE, RFDETR = (Entrant.of(each) for each in ("ultralytics/yolo11p", "d_fine/dfine-pico", "rf_detr/rfdetr-pico"))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return small_world(tmp_path_factory.mktemp("world"), bursts=24)


def result(world: World, entrant: Entrant, share: float, seed: int = 0) -> Result:
    """One that finds a share of the objects, surely."""
    chance = np.random.default_rng([seed, 7])
    found = []
    for frame in world.golden:
        truth = world.truth[frame.id]
        kept = chance.random(len(truth)) < share
        found.append(Detections.of(truth.boxes[kept], truth.classes[kept], np.full(int(kept.sum()), 0.9)))
    return Result(entrant, seed, found, share, share, 10.0, 1.0, 5.0, "scratch")


def test_a_name_is_family_and_model_and_unknown_ones_are_answered_with_the_known_ones() -> None:
    assert str(Entrant.of("d_fine/dfine-nano")) == "d_fine/dfine-nano"
    with pytest.raises(UnknownName, match="ultralytics"):
        Entrant.of("dfine-nano")
    with pytest.raises(UnknownName, match="dfine-pico"):
        Entrant.of("d_fine/yolo11n")


def test_the_first_is_the_incumbent_and_only_a_surely_better_one_takes_its_place(world: World) -> None:
    entrants = ((YOLO, 0.5), (DFINE, 0.5), (RFDETR, 1.0))
    standings = judge(world, [result(world, e, share) for e, share in entrants], np.random.default_rng(0))
    assert [each.champion for each in standings] == [False, False, True]
    assert standings[0].gain is None
    assert standings[1].gain is not None
    assert standings[1].gain.probability_better == 0.5  # it found the same
    assert standings[2].verdict.startswith("Promoted: better than the champion with probability 1.00")


def test_a_better_incumbent_stays_whatever_the_order_of_the_seeds(world: World) -> None:
    runs = [result(world, e, share, seed) for seed in (0, 1) for e, share in ((YOLO, 0.9), (DFINE, 0.3))]
    standings = judge(world, runs, np.random.default_rng(0))
    assert [(each.entrant, each.champion, len(each.results)) for each in standings] == [
        (YOLO, True, 2),
        (DFINE, False, 2),
    ]
    assert "need more pictures" in advice(standings)
    assert "AGPL-3.0" in advice(standings)


def test_a_free_champion_is_only_told_how_to_be_used(world: World) -> None:
    standings = judge(world, [result(world, DFINE, 0.9), result(world, YOLO, 0.3)], np.random.default_rng(0))
    assert advice(standings) == "Set student.name d_fine and student.model dfine-pico."
    said = standings[0].as_dict()
    assert (said["student"], said["licence"].partition(" ")[0], said["champion"]) == (
        "d_fine/dfine-pico",
        "Apache-2.0",
        True,
    )


def test_the_time_of_a_frame_is_taken_one_frame_at_a_time(world: World) -> None:
    class Counting:
        def __init__(self) -> None:
            self.seen: list[int] = []

        def detect(self, images: list[np.ndarray]) -> list[Detections]:
            self.seen.append(len(images))
            return [Detections.empty()]

    detector = Counting()
    assert milliseconds(detector, world.images(world.golden[:5])) >= 0
    assert detector.seen == [1] * 8  # three to warm up
