"""A language model's answer as boxes: a JSON list of {"bbox_2d": [x1, y1, x2, y2], "label": "..."}, and nothing else.

Knows no model: only text, where its tokens lie in it, and how sure each was.
"""

import json
import re
from collections.abc import Sequence
from typing import Annotated, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

FENCE = re.compile(r"```(?:json)?\s*(.*?)\s*```", re.DOTALL)
Side = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Answer(BaseModel):
    """One object, as the model is asked to write it."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    bbox_2d: tuple[Side, Side, Side, Side]
    label: str


class Scored(NamedTuple):
    """An answer and its score in [0, 1]."""

    answer: Answer
    score: float


_list = TypeAdapter(list[Answer])


def read_answers(pieces: Sequence[str], surety: Sequence[float], limits: tuple[float, float]) -> list[Scored]:
    """The objects of an answer, each with the geometric mean of its coordinates' digits' probabilities.

    Args:
        pieces: the text, token by token.
        surety: how sure the model was of each token.
        limits: the largest x and y that lie in the picture.

    Raises:
        ValueError: it is no such list, is cut off, or a box lies outside the picture; says which.
    """
    text = "".join(pieces)
    start, end = _body(text)
    answers = _valid(text[start:end])
    if any(max(each.bbox_2d[::2]) > limits[0] or max(each.bbox_2d[1::2]) > limits[1] for each in answers):
        raise ValueError(f"a box reaches beyond {limits[0]:g} x {limits[1]:g}")
    sure = np.repeat(np.asarray(surety, np.float64), [len(piece) for piece in pieces])
    return [Scored(each, _score(text, sure, at)) for each, at in zip(answers, _objects(text, start), strict=False)]


def _body(text: str) -> tuple[int, int]:
    """Where the list stands: inside a fence, where there is one."""
    fenced = FENCE.fullmatch(text.strip())
    if not fenced:
        return 0, len(text)
    shift = text.index(text.strip())
    return shift + fenced.start(1), shift + fenced.end(1)


def _valid(body: str) -> list[Answer]:
    try:
        return _list.validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = " ".join(str(each) for each in first["loc"])
        raise ValueError(f"{where}: {first['msg']}" if where else first["msg"]) from None


def _objects(text: str, start: int) -> list[slice]:
    """Where each object of a valid list stands."""
    reader, places, at = json.JSONDecoder(), [], text.find("{", start)
    while at >= 0:
        _, end = reader.raw_decode(text, at)
        places.append(slice(at, end))
        at = text.find("{", end)
    return places


def _score(text: str, sure: NDArray[np.float64], at: slice) -> float:
    """The numbers between the brackets after "bbox_2d", by their digits; brackets and commas are always sure."""
    opening = text.index("[", text.index('"bbox_2d"', at.start))
    digits = [i for i in range(opening, text.index("]", opening)) if text[i].isdigit()]
    return float(np.exp(np.log(np.clip(sure[digits], 1e-9, 1)).mean()))
