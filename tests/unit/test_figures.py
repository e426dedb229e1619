import pytest

from nightshift.domain.costs import Prices
from nightshift.domain.figures import figures, stage_seconds
from nightshift.domain.rounds import Receipt

PRICES = Prices(gpu_usd_per_hour=3.6)
RECEIPTS = {
    "ingest": Receipt("ingest", 10, {"human_usd": 2.0, "frames_reviewed": 7, "boxes_kept": 3, "quarantined": 1}),
    "autolabel": Receipt("autolabel", 1, {"frames": 40, "shard_seconds": 89.0}),
    "evaluate": Receipt("evaluate", 0, {"map50_95": 0.5, "map50": 0.8}),
    "choose": Receipt("choose", 0, {"queue": 12, "green": 5}),
}


def test_a_sharded_stage_counts_the_work_of_its_shards() -> None:
    assert stage_seconds(RECEIPTS)["autolabel"] == 90


def test_the_round_is_priced_from_people_and_machine_and_all_that_went_before() -> None:
    found = figures(RECEIPTS, PRICES, earlier_usd=10)
    assert found["compute_usd"] == pytest.approx(0.1)
    assert found["total_usd"] == pytest.approx(12.1)
    assert found["usd_per_map_point"] == pytest.approx(12.1 / 50)


def test_figures_carry_the_names_that_people_compare() -> None:
    found = figures(RECEIPTS, PRICES, earlier_usd=0)
    assert (found["queue_length"], found["frames_autolabelled"], found["quarantined"]) == (12, 40, 1)


def test_what_is_not_known_yet_is_left_out_instead_of_being_zero() -> None:
    found = figures({"evaluate": Receipt("evaluate", 0, {"map50": None})}, PRICES, earlier_usd=0)
    assert "map50" not in found
    assert "usd_per_map_point" not in found
