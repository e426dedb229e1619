"""What every teacher promises, of those that are no plain checkpoints: YOLO-World, YOLOE, Autodistill, ensembles.

A served teacher has tests of its own; the claims are the same.
"""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from nightshift.domain.errors import ConfigError, ModelError
from nightshift.domain.models import Detector, TeacherSpec
from nightshift.domain.ontology import ObjectClass, Ontology
from nightshift.domain.votes import Voted
from nightshift.teachers import open_teacher
from nightshift.teachers._open_vocabulary import EVERYTHING_SEEN, WORLD, open_yolo
from tests.contract import teacher_claims as claims
from tests.contract import tiny_embedders
from tests.contract.tiny_checkpoints import save
from tests.contract.tiny_image_texts import KINDS, save_image_text
from tests.contract.tiny_words import PROMPTS
from tests.contract.tiny_yolos import Words, save_yolo

pytestmark = pytest.mark.slow

ONTOLOGY = Ontology((ObjectClass("bolt", PROMPTS[:2], "#e6194b"), ObjectClass("gear", PROMPTS[2:], "#3cb44b")))
CLASS_OF = np.array([0, 0, 1])
BAKED = ("gear", "Red  bolt", "washer", "a round nut")
BASE_MODEL = '''
import numpy as np, supervision as sv
from autodistill.detection import CaptionOntology, DetectionBaseModel

class Reddest(DetectionBaseModel):
    """Finds the brightest pixel of each channel; each channel answers to the prompt of its number."""
    def __init__(self, ontology: CaptionOntology) -> None:
        self.ontology = ontology

    def predict(self, input: np.ndarray) -> sv.Detections:
        spots = [np.unravel_index(input[:, :, 2 - c].argmax(), input.shape[:2]) for c in range(3)]
        boxes = np.array([[x, y, x + 9, y + 9] for y, x in spots], np.float32)
        return sv.Detections(xyxy=boxes, class_id=np.arange(3), confidence=np.array([0.5, 0.9, 0.7], np.float32))

class Silent(Reddest):
    def predict(self, input: np.ndarray) -> sv.Detections:
        return sv.Detections(xyxy=np.array([[0, 0, 5, 5]], np.float32))

class Broken(Reddest):
    def __init__(self, ontology: CaptionOntology) -> None:
        raise RuntimeError("no weights here")
'''


def spec(name: str, checkpoint: str = "", **said: object) -> TeacherSpec:
    return TeacherSpec(name, checkpoint, **{"threshold": 0.0, "batch": 4, "device": "cpu", **said})  # type: ignore[arg-type]


def opened(said: TeacherSpec, ontology: Ontology = ONTOLOGY) -> Detector:
    teacher = open_teacher(said, ontology, None)
    assert teacher is not None
    return teacher


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything that is opened here."""
    made = tmp_path_factory.mktemp("more")
    for kind in ("owlvit", "omdet-turbo"):
        save(kind, made)
    for kind in KINDS:
        save_image_text(kind, made)
    for kind in ("yolo_world", "yoloe", "yoloe_seg", "yoloe26"):
        save_yolo(kind, BAKED, made)
    for kind in ("yolo_world", "yoloe"):
        save_yolo(kind, (), made / "unread")
    save_yolo("yoloe_seg", BAKED, made, fixed=True)
    (made / "our_base_model.py").write_text(BASE_MODEL)
    return made


@pytest.fixture(autouse=True, scope="module")
def importable(folder: Path) -> object:
    sys.path.insert(0, str(folder))
    yield
    sys.path.remove(str(folder))


def both(folder: Path, **said: object) -> TeacherSpec:
    members = tuple(spec("transformers", str(folder / kind)) for kind in ("owlvit", "omdet-turbo"))
    return spec("ensemble", members=members, **said)


OPENERS: dict[str, Callable[[Path], Detector]] = {
    "yolo_world": lambda at: opened(spec("yolo_world", str(at / "yolo_world.pt"))),
    "yolo_world, read": lambda at: open_yolo(
        spec("yolo_world", str(at / "unread" / "yolo_world.pt")), ONTOLOGY, WORLD, lambda *_: Words()
    ),
    "yoloe": lambda at: opened(spec("yoloe", str(at / "yoloe.pt"))),
    "yoloe, read": lambda at: open_yolo(
        spec("yoloe", str(at / "unread" / "yoloe.pt")), ONTOLOGY, EVERYTHING_SEEN, lambda *_: Words()
    ),
    "yoloe, segments": lambda at: opened(spec("yoloe", str(at / "yoloe_seg.pt"))),
    "yoloe, 26": lambda at: opened(spec("yoloe", str(at / "yoloe26.pt"))),
    "yoloe, prompt-free": lambda at: opened(spec("yoloe", str(at / "yoloe_seg-pf.pt"))),
    "autodistill": lambda at: opened(spec("autodistill", "our_base_model:Reddest")),  # noqa: ARG005
    "ensemble": lambda at: opened(both(at)),
    **{
        f"seen again by {kind}": lambda at, kind=kind: opened(
            spec("transformers", str(at / "owlvit"), second_opinion=str(at / kind))
        )
        for kind in KINDS
    },
    "ensemble, seen again": lambda at: opened(both(at, second_opinion=str(at / "siglip"))),
}


@pytest.fixture(scope="module", params=OPENERS)
def opener(request: pytest.FixtureRequest, folder: Path) -> Callable[[], Detector]:
    return lambda: OPENERS[request.param](folder)


@pytest.fixture(scope="module")
def one(opener: Callable[[], Detector]) -> Detector:
    return opener()


def test_a_batch_of_mixed_shapes_answers_as_single_images_do(one: Detector) -> None:
    claims.batch_equals_single(one)


def test_it_answers_the_same_twice_and_after_opening_again(one: Detector, opener: Callable[[], Detector]) -> None:
    claims.the_same_twice_and_after_opening_again(one, opener)


def test_boxes_lie_inside_their_image_and_best_comes_first(one: Detector) -> None:
    claims.boxes_lie_inside_and_the_best_comes_first(one)


def test_every_box_has_the_class_whose_prompt_found_it(one: Detector) -> None:
    claims.every_box_has_the_class_of_its_prompt(one, CLASS_OF)


def test_an_image_of_any_shape_is_answered(one: Detector) -> None:
    claims.any_shape_is_answered(one)


def test_no_images_are_no_answers(one: Detector) -> None:
    claims.no_images_are_no_answers(one)


@pytest.mark.parametrize("name", ["yolo_world", "autodistill", "seen again by siglip"])
def test_a_frame_of_48_megapixels_is_answered(folder: Path, name: str) -> None:
    claims.a_frame_of_48_megapixels_is_answered(OPENERS[name](folder))


# ---- YOLO-World and YOLOE


@pytest.mark.parametrize("kind", ["yolo_world", "yoloe"])
def test_boxes_are_those_of_ultralytics_own_prediction(folder: Path, kind: str) -> None:
    from ultralytics import YOLOE, YOLOWorld  # noqa: PLC0415 - heavy

    image = claims.picture((64, 64, 3), 5)
    model = (YOLOWorld if kind == "yolo_world" else YOLOE)(folder / f"{kind}.pt")
    options = {"imgsz": 64, "rect": False, "conf": 0.001, "iou": 0.7, "max_det": 300, "verbose": False, "save": False}
    (theirs,) = (each.boxes.cpu().numpy() for each in model.predict([image[..., ::-1]], **options))
    ours = OPENERS[kind](folder).look([image])[0]  # type: ignore[attr-defined]
    words = {0: 2, 1: 0, 3: 1}  # of the file, to our prompts; nobody asks for washers
    for box, word, score in zip(theirs.xyxy, theirs.cls.astype(int), theirs.conf, strict=True):
        near = np.abs(ours.boxes.clip(0, 64) - box).max(axis=1) < 0.05
        as_sure = np.abs(ours.scores - score) < 1e-3
        assert word not in words or (near & as_sure & (ours.prompts == words[word])).any()
    assert np.isin(theirs.cls, list(words)).sum() > 1


def test_a_prompt_outside_a_fixed_vocabulary_is_named_with_the_words_it_has(folder: Path) -> None:
    other = Ontology((ObjectClass("rivet", ("a rivet",), "#e6194b"),))
    with pytest.raises(ModelError, match=r"vocabulary of 4 words is fixed and lacks 'a rivet'.*gear, red bolt, washer"):
        opened(spec("yoloe", str(folder / "yoloe_seg-pf.pt")), other)


@pytest.mark.parametrize("kind", ["yolo_world", "yoloe"])
def test_without_its_text_encoder_an_unknown_prompt_says_how_to_get_it(folder: Path, kind: str) -> None:
    """Neither the package nor the weights are on a machine that was not given them, and nothing is installed."""
    other = Ontology((ObjectClass("rivet", ("a rivet",), "#e6194b"),))
    with pytest.raises(ModelError, match=r"text encoder .*read the prompt 'a rivet', cannot be had .*bake the prompts"):
        opened(spec(kind, str(folder / f"{kind}.pt")), other)


def test_weights_of_another_kind_and_weights_that_are_not_there_are_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ModelError, match="it is a YOLOEModel, not a WorldModel"):
        opened(spec("yolo_world", str(folder / "yoloe.pt")))
    monkeypatch.setenv("NIGHTSHIFT_WEIGHTS", str(folder / "none"))
    with pytest.raises(ModelError, match=r"'no-such\.pt'.*it is not here and cannot be downloaded"):
        opened(spec("yoloe", "no-such.pt"))


# ---- Autodistill


def test_a_base_model_sees_opencvs_colours_and_its_boxes_are_clipped(folder: Path) -> None:
    image = np.zeros((20, 20, 3), np.uint8)
    image[3, 4, 0], image[10, 15, 1], image[0, 0, 2] = 255, 255, 255
    (seen,) = OPENERS["autodistill"](folder).detect([image])
    assert seen.boxes.tolist() == [[15, 10, 20, 19], [0, 0, 9, 9], [4, 3, 13, 12]]
    assert seen.prompts.tolist() == [1, 2, 0]
    np.testing.assert_allclose(seen.scores, [0.9, 0.7, 0.5])


@pytest.mark.parametrize(
    ("checkpoint", "error", "said"),
    [
        ("Reddest", ConfigError, r"it is no module:Class"),
        ("no_such_package:Model", ModelError, r"cannot be imported \(No module named 'no_such_package'\)"),
        ("our_base_model:Nothing", ModelError, "cannot be imported"),
        ("our_base_model:CaptionOntology", ModelError, "it is no DetectionBaseModel"),
        ("our_base_model:Broken", ModelError, r"does not open \(RuntimeError: no weights here\)"),
    ],
)
def test_a_base_model_that_cannot_be_used_says_why(checkpoint: str, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        opened(spec("autodistill", checkpoint))


def test_a_base_model_that_does_not_say_what_it_found_is_refused(folder: Path) -> None:  # noqa: ARG001 - importable
    with pytest.raises(ModelError, match="without saying by which prompt"):
        opened(spec("autodistill", "our_base_model:Silent")).detect([claims.picture((20, 20, 3))])


def test_a_prompt_of_two_classes_is_refused_by_a_model_that_knows_one_meaning(folder: Path) -> None:  # noqa: ARG001
    twice = Ontology(tuple(ObjectClass(name, ("a bolt",), "#e6194b") for name in ("bolt", "screw")))
    with pytest.raises(ConfigError, match="prompt 'a bolt': it is said twice"):
        opened(spec("autodistill", "our_base_model:Reddest"), twice)


# ---- ensembles and second opinions


def test_an_ensemble_names_all_members_and_keeps_their_votes(folder: Path) -> None:
    teacher = OPENERS["ensemble"](folder)
    assert teacher.version.startswith("fusion(owlvit/owlvit@")
    assert " & omdet-turbo/omdet-turbo@" in teacher.version
    (seen,) = teacher.detect([claims.picture(claims.LANDSCAPE)])
    assert isinstance(seen, Voted)
    assert seen.votes.shape == (len(seen), 2)
    assert (seen.votes.max(axis=1) > 0).all()


def test_other_trust_is_another_teacher_and_an_unknown_class_is_refused(folder: Path) -> None:
    plain = both(folder)
    first, second = plain.members
    trusted = both(folder)
    object.__setattr__(trusted, "members", (first, spec("transformers", second.checkpoint, trust=(("gear", 0.5),))))
    assert opened(plain).version != opened(trusted).version
    object.__setattr__(trusted, "members", (first, spec("transformers", second.checkpoint, trust=(("rivet", 0.5),))))
    with pytest.raises(ConfigError, match="class 'rivet': unknown"):
        opened(trusted)


def test_an_ensemble_of_one_is_none(folder: Path) -> None:
    with pytest.raises(ConfigError, match="two or more"):
        opened(spec("ensemble", members=both(folder).members[:1]))


def test_a_second_opinion_lowers_scores_and_is_named(folder: Path) -> None:
    alone, again = opened(spec("transformers", str(folder / "owlvit"))), OPENERS["seen again by clip"](folder)
    image = [claims.picture(claims.LANDSCAPE)]
    assert again.version.startswith(f"{alone.version}, seen again by clip/clip@")
    assert again.detect(image)[0].scores.sum() < alone.detect(image)[0].scores.sum()


def test_a_sentence_that_the_second_model_cannot_read_is_refused(folder: Path) -> None:
    short = tiny_embedders.save("clip", folder / "short")
    with pytest.raises(ConfigError, match=r"'a photo of red bolt'.*at most 16"):
        opened(spec("transformers", str(folder / "owlvit"), second_opinion=str(short)))


def test_a_detector_is_no_second_opinion(folder: Path) -> None:
    with pytest.raises(ModelError, match="'owlvit' is no image-text model"):
        opened(spec("transformers", str(folder / "owlvit"), second_opinion=str(folder / "owlvit")))
