"""Which networks there are, where their description lies, and where published weights may be found.

yolo11p ("pico") is not published by anyone: it is yolo11's own description at half of the nano's width, for
machines where minutes on two cores matter. Names that end in -seg also give masks. Knows nothing of training.
"""

from pathlib import Path

from nightshift.domain.errors import UnknownName

FAMILIES = ("yolov8", "yolo11", "yolo12", "yolo26")
PICO = "yolo11p"
PICO_SCALE = (0.50, 0.125, 1024)  # depth, width, most channels: as in yolo11.yaml, whose nano is 0.50, 0.25
SEGMENTS = "-seg"
YOLO = (*(f"{family}{scale}" for family in FAMILIES for scale in "nsmlx"), PICO)
MODELS = (*YOLO, "rtdetr-l", "rtdetr-x", *(f"{each}{SEGMENTS}" for each in YOLO))


def check(model: str) -> str:
    """The name itself.

    Raises:
        UnknownName: no such architecture.
    """
    if model not in MODELS:
        raise UnknownName(f"student.model '{model}'", "unknown architecture", f"Known: {', '.join(MODELS)}.")
    return model


def is_transformer(model: str) -> bool:
    """Whether it is of the RT-DETR kind, which has a trainer and an output format of its own."""
    return model.startswith("rtdetr")


def is_segmenter(model: str) -> bool:
    """Whether it gives masks beside boxes, and learns from masks."""
    return model.endswith(SEGMENTS)


def description(model: str, folder: Path) -> str:
    """What Ultralytics builds the network from: a name of its own, or a file written into `folder`."""
    if not model.startswith(PICO):
        return f"{model}.yaml"
    from ultralytics.nn.tasks import yaml_model_load  # noqa: PLC0415 - heavy
    from ultralytics.utils import YAML  # noqa: PLC0415

    nano = yaml_model_load(model.replace(PICO, "yolo11n") + ".yaml")  # type: ignore[no-untyped-call]
    network = {key: value for key, value in nano.items() if key not in {"scale", "yaml_file"}}
    target = folder / f"{model}.yaml"
    YAML.save(target, {**network, "scales": {"p": list(PICO_SCALE)}})  # type: ignore[no-untyped-call]
    return str(target)
