"""A sample of what `make soak` does in full: nights that are killed, that meet faults, that race."""

import os
from collections.abc import Iterator

import pytest

from infra.local import Endpoints
from nightshift.domain.rounds import RoundKeys
from nightshift.services.label_studio import poll
from tests.faults.attempts import forge
from tests.faults.checks import check, compare
from tests.faults.parts import Unit, live_again, run_unit
from tests.faults.soak import MUST_BE_NONE
from tests.faults.world import Site, World, prepare_line, world

pytestmark = [pytest.mark.live, pytest.mark.slow, pytest.mark.timeout(1800)]


@pytest.fixture(scope="module")
def site(stack: Endpoints, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("faults")
    prepare_line(folder)
    with pytest.MonkeyPatch.context() as kept:
        for name, value in stack.environment().items():
            kept.setenv(name, value)
        with forge(dict(os.environ), folder / "lane.log") as starts:
            yield Site(stack, folder, starts)


@pytest.mark.parametrize(
    "unit",
    [Unit("kills", 1, 6, slot=0, slots=25), Unit("schedules", 1, 4), Unit("races", 1, 3), Unit("nights", 1, 1)],
    ids=lambda unit: unit.part,
)
def test_whatever_happens_in_a_night_every_effect_happens_once(site: Site, unit: Unit) -> None:
    said = run_unit(unit, site)
    assert {name: said.get(name, 0) for name in MUST_BE_NONE} == dict.fromkeys(MUST_BE_NONE, 0), said
    assert said.get("kills", 6) >= 6
    assert said.get("failures", []) == []


def test_the_checks_find_what_they_look_for(site: Site) -> None:
    with world(site, "planted", "backfill") as ours:
        ours.deliver(3)
        ours.run("backfill")
        ours.answer(1)
        assert check(ours, 1).lost_corrections > 0, "answers that no round has taken in yet"
        ours.run("backfill")
        assert not any(check(ours, 2).counts().values()), check(ours, 2)
        _plant(ours)
        found = check(ours, 3)
    assert found.doubled_tasks == 1
    assert found.half_published == 2
    assert found.unsealed == 1


def _plant(ours: World) -> None:
    """A task that was pushed twice, a table cut short, and a receipt without its table."""
    project = ours.project
    number = project.desk.ensure_project(project.config.project, project.config.classes)
    task = poll._pages(project.desk.api, number, [])
    project.desk.api.post(f"api/projects/{number}/import", [{"data": next(task)["data"]}])
    queue = RoundKeys(0).key("triage.parquet")
    project.store.write(queue, project.store.read(queue)[:-100])
    project.store.delete(RoundKeys(1).key("labels.parquet"))


def test_a_twin_that_took_another_way_is_told_from_one_that_did_not(site: Site) -> None:
    with world(site, "one", "backfill") as ours, world(site, "two", "backfill", frames=ours.frames) as twin:
        ours.deliver(2)
        ours.run("backfill")
        assert [each.error for each in live_again(twin, ours, 0, "backfill")] == [""]
        assert compare(ours, twin, 1).twin_differences == 0
        queue = RoundKeys(0).key("queue.parquet")
        twin.project.store.write(queue, ours.project.store.read(queue)[:-1] + b"x")
        assert compare(ours, twin, 1).twin_differences == 1
