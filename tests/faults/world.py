"""A project of the rig's own on real servers, each behind a proxy: frames arrive, nights run, people answer.

Knows how a world goes on; does not know what shall go wrong in it, nor what must hold.
"""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from threading import Timer
from typing import Literal

import boto3
import numpy as np
import yaml

from infra.demo.configuration import PROMPTS, TEACHER
from infra.demo.people import answer_queue
from infra.local import Endpoints
from nightshift.domain.detections import Detections
from nightshift.frames.datasets import read_dataset
from nightshift.project import Project
from nightshift.services.store import state
from nightshift.simulation.line.dataset import write_line
from tests.faults.attempts import Ended, Forge
from tests.faults.proxy import Proxy, Watcher

Flow = Literal["nightly", "backfill"]
SERVICES = ("s3", "label-studio", "mlflow")
HANGS = 1200.0  # seconds that no attempt may take
CLIPS, FRAMES_A_CLIP = 24, 3
SMALL = {
    "ontology": [{"name": name, "prompts": prompts} for name, prompts in PROMPTS.items()],
    "student": {"model": "yolo11p", "image_size": 96, "steps": 8, "batch": 8, "device": "cpu"},
    "budget": {"usd_per_night": 0.8, "golden_share": 0.4},
    "golden": {"share": 0.25, "frames": 9},
    "review": {"seed_frames": 6, "second_opinion_share": 0.2},
    "shard_frames": 12,
}
TEACHERS = {
    "nightly": {"name": "transformers", "checkpoint": str(TEACHER), "threshold": 0.05, "device": "cpu"},
    "backfill": {"name": "none"},
}


@dataclass(frozen=True)
class Site:
    """What worlds share: the servers, pictures with their truth, a folder, and what starts nights in this lane."""

    stack: Endpoints
    folder: Path
    forge: Forge

    @property
    def line(self) -> Path:
        """The pictures; see `prepare_line`."""
        return self.folder / "line"

    def truth(self) -> Mapping[str, Detections]:
        """Every picture's objects by its name."""
        return read_dataset(self.line).samples


def prepare_line(folder: Path) -> None:
    """Draw the pictures, once."""
    write_line(folder / "line", clips_day=CLIPS, clips_night=0, frames_per_clip=FRAMES_A_CLIP, seed=11)


@dataclass
class World:
    """One project.

    Args:
        site: where it lives.
        name: of the project, its folder, its prefix and its Label Studio project.
        config: its nightshift.yaml.
        frames: the prefix in the bucket where its pictures arrive.
        proxies: by service, before the servers that its nights talk to.
    """

    site: Site
    name: str
    config: Path
    frames: str
    proxies: Mapping[str, Proxy]
    clips: int = 0
    attempts: list[Ended] = field(default_factory=list)

    @property
    def project(self) -> Project:
        """Its services as the rig sees them: directly."""
        return Project.load(self.config)

    def head(self) -> int | None:
        """The last sealed round."""
        return state.read_head(self.project.store)

    def deliver(self, clips: int) -> None:
        """Let more pictures arrive."""
        client = boto3.client("s3")
        found = sorted(each for each in (self.site.line / "images").iterdir() if each.is_dir())
        for clip in found[self.clips : self.clips + clips]:
            for picture in sorted(clip.iterdir()):
                key = f"{self.frames}/{picture.relative_to(self.site.line).as_posix()}"
                client.put_object(Bucket=self.site.stack.bucket, Key=key, Body=picture.read_bytes())
        self.clips += clips

    def answer(self, seed: int) -> int:
        """People take the whole queue; their browsers reach Label Studio without faults."""
        return answer_queue(self.project, self.site.truth(), np.random.default_rng(seed))

    def requests(self) -> dict[str, int]:
        """How many requests each server has got so far."""
        return {name: each.requests for name, each in self.proxies.items()}

    def environment(self) -> dict[str, str]:
        """Where its nights find the servers: behind the proxies."""
        return {
            "AWS_ENDPOINT_URL_S3": self.proxies["s3"].url,
            "LABEL_STUDIO_URL": self.proxies["label-studio"].url,
            "MLFLOW_TRACKING_URI": self.proxies["mlflow"].url,
        }

    def watch(self, watcher: Watcher) -> None:
        """Let somebody decide what happens to its requests from now on."""
        for each in self.proxies.values():
            each.watcher = watcher

    def run(
        self, flow: Flow, watcher: Watcher | None = None, kill_after: float | None = None, *, alone: bool = False
    ) -> Ended:
        """One attempt at a night, to its end.

        Args:
            flow: which.
            watcher: of its requests; decides what goes wrong.
            kill_after: seconds until it is killed.
            alone: its training is left to find out by itself.
        """
        chosen = watcher or Watcher()
        self.watch(chosen)
        attempt = self.site.forge.start(flow, self.config, self.environment())
        chosen.aim(attempt.kill)
        kill = partial(attempt.kill, alone=alone)
        timer = Timer(HANGS, attempt.give_up) if kill_after is None else Timer(kill_after, kill)
        timer.start()
        ended = self.site.forge.wait(attempt)
        timer.cancel()
        chosen.rest()
        self.watch(Watcher())
        self.attempts.append(ended)
        return ended


@contextmanager
def world(site: Site, name: str, kind: Flow, frames: str | None = None, **changes: object) -> Iterator[World]:
    """A world that is taken down afterwards: its proxies stop, its folder goes; what it left on the servers stays.

    Args:
        site: where.
        name: at most 50 characters, as Label Studio wants it.
        kind: whether its nights will train.
        frames: the prefix of another world whose pictures it shares.
        changes: to the configuration, by section.
    """
    home = site.folder / name
    home.mkdir()
    arrives = frames or f"faults-frames/{name}"
    path = home / "nightshift.yaml"
    path.write_text(yaml.safe_dump(_configuration(site.stack.bucket, name, kind, arrives) | changes))
    with ExitStack() as running:
        running.callback(shutil.rmtree, home, ignore_errors=True)
        where = dict(zip(SERVICES, (site.stack.s3, site.stack.label_studio, site.stack.mlflow), strict=True))
        proxies = {each: Proxy(each, url, Watcher()) for each, url in where.items()}
        for each in proxies.values():
            running.enter_context(each.running())
        yield World(site, name, path, arrives, proxies)


def _configuration(bucket: str, name: str, kind: Flow, frames: str) -> dict[str, object]:
    return SMALL | {
        "project": name,
        "frames": {"source": f"s3://{bucket}/{frames}"},
        "store": {"uri": f"s3://{bucket}/faults/{name}"},
        "teacher": TEACHERS[kind],
    }


def seconds(attempts: Sequence[Ended]) -> float:
    """What attempts took together."""
    return sum(each.seconds for each in attempts)
