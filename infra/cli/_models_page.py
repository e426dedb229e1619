"""The cards of all models as the table of docs/models.md."""

from collections.abc import Iterable

from nightshift.domain.cards import ModelCard

HEAD = (
    "Family",
    "Name",
    "Licence",
    "Input",
    "Parameters",
    "Weights in memory",
    "Prompts",
    "Threshold",
    "When to take it",
)


def markdown(cards: Iterable[ModelCard]) -> str:
    """One row a model, in the order given."""
    lines = [HEAD, tuple("---" for _ in HEAD), *map(_row, cards)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _row(card: ModelCard) -> tuple[str, ...]:
    size = f"{card.parameters:g} M" if card.parameters else "–"
    memory = f"{card.gigabytes:.2g} GB" if card.gigabytes else "–"
    threshold = "–" if card.threshold is None else f"{card.threshold:g}"
    cells = (card.input_size, size, memory, card.prompts or "–", threshold, card.advice)
    return (f"`{card.family}`", f"`{card.name}`", card.licence, *(each.replace("|", "\\|") for each in cells))
