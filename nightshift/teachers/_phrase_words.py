"""Which prompt a model's own words stand for: the same words, whatever their case, article or punctuation."""

import re
from collections.abc import Callable, Sequence

from nightshift.domain.errors import ConfigError

ARTICLES = {"a", "an", "the"}


def same_words(prompts: Sequence[str]) -> Callable[[str], int | None]:
    """From a phrase to the index of the first prompt with its words; None where there is none."""
    known: dict[str, int] = {}
    for index, prompt in enumerate(prompts):
        known.setdefault(words(prompt), index)
    known.pop("", None)
    return lambda phrase: known.get(words(phrase))


def check_words(prompts: Sequence[str]) -> None:
    """Refuse a prompt that says nothing.

    Raises:
        ConfigError: it has no word.
    """
    for prompt in prompts:
        if not words(prompt):
            raise ConfigError(f"prompt '{prompt}'", "it has no word in it", "Name what to look for.")


def words(phrase: str) -> str:
    """Lower case, one blank between words, no leading article; a prompt of articles alone keeps them."""
    said = re.findall(r"[^\W_]+", phrase.casefold())
    return " ".join(said[1:] if len(said) > 1 and said[0] in ARTICLES else said)
