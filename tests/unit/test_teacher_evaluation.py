"""How the demo's teacher is measured: precision, recall, and the card they are written into."""

from pathlib import Path

import pytest

from infra.demo.evaluate_teacher import MARKS, Looked, precision_recall, table, write_card
from nightshift.domain.detections import Detections

TRUTH = (Detections.of([[0, 0, 10, 10], [20, 20, 40, 40]], [0, 1]), Detections.empty())
FOUND = (
    Detections.of([[0, 0, 10, 10], [20, 20, 40, 40]], [0, 2], [0.9, 0.6]),  # one right, one of another class
    Detections.of([[5, 5, 9, 9]], [1], [0.3]),  # nothing is there
)


@pytest.mark.parametrize(("threshold", "expected"), [(0.05, (1 / 3, 0.5)), (0.5, (0.5, 0.5)), (0.8, (1.0, 0.5))])
def test_precision_and_recall_count_boxes_that_reach_the_threshold(
    threshold: float, expected: tuple[float, float]
) -> None:
    assert precision_recall(TRUTH, FOUND, threshold) == pytest.approx(expected)


def test_who_claims_nothing_is_precise_and_recalls_nothing() -> None:
    assert precision_recall(TRUTH, FOUND, 0.95) == (1.0, 0.0)


def test_the_table_has_a_row_for_each_shift() -> None:
    rows = list(table({"day": Looked(TRUTH, FOUND), "night": Looked(TRUTH, TRUTH)}))
    assert rows[2].startswith("| day | 2 | 0.50 |")
    assert rows[3].startswith("| night | 2 | 1.00 |")
    assert len({row.count("|") for row in rows[:4]}) == 1


def test_the_card_keeps_its_words_and_takes_the_newest_figures(tmp_path: Path) -> None:
    card = tmp_path / "README.md"
    card.write_text(f"before\n{MARKS[0]}\nold\n{MARKS[1]}\nafter\n")
    for figures in ("| a |", r"| \1 |"):
        write_card(card, figures)
        assert card.read_text() == f"before\n{MARKS[0]}\n{figures}\n{MARKS[1]}\nafter\n"


def test_a_card_without_a_place_for_figures_is_refused(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("words")
    with pytest.raises(ValueError, match="measured"):
        write_card(tmp_path / "README.md", "| a |")
