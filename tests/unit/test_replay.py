"""A run of a backtest, over a small world with a student that learns without torch."""

from dataclasses import replace
from pathlib import Path

import pytest
from fake_student import HYPER, FakeStudent, small_world

from nightshift.domain.costs import Prices
from nightshift.domain.errors import UnknownName
from nightshift.domain.review import Purpose
from nightshift.policy.training_set import TrainingRule
from nightshift.simulation.people import Crew, hire
from nightshift.simulation.replay import TEACHER, Night, Replay, Setting, full_cost, full_supervision
from nightshift.simulation.reviewers import Skill
from nightshift.simulation.schemes import Scheme, scheme
from nightshift.simulation.teachers import Profile, SimulatedTeacher, median_side
from nightshift.simulation.trainings import Trainings
from nightshift.simulation.world import World

PRICES = Prices()
SETTING = Setting((0.4, 0.4, 0.4), HYPER, 5, TrainingRule(), PRICES, seed_frames=4)
SCHEMES = ("gain_per_dollar", "random", "policy", "scratch")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return small_world(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def student(world: World) -> FakeStudent:
    return FakeStudent(world)


def replay(
    world: World,
    trainings: Trainings,
    name: str = "gain_per_dollar",
    *,
    seed: int = 0,
    taught: bool = True,
    setting: Setting = SETTING,
) -> Replay:
    who = SimulatedTeacher(Profile(), len(world.names), median_side(world.truth), seed)
    auto = {f.id: who.label(f.id, world.truth[f.id], (f.width, f.height)) for f in world.frames}
    return Replay(world, scheme(name), setting, seed, auto if taught else None, hire(2, Skill(), seed), trainings)


@pytest.fixture(scope="module", params=SCHEMES)
def done(
    request: pytest.FixtureRequest, world: World, student: FakeStudent, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Replay, list[Night]]:
    """A run of each scheme, with its nights."""
    run = replay(world, Trainings(student, tmp_path_factory.mktemp("trainings")), request.param)
    return run, run.run()


def test_dollars_and_frames_add_up_night_by_night(world: World, done: tuple[Replay, list[Night]]) -> None:
    run, nights = done
    before = Night(0.0, 0.0, 0)
    for night in nights:
        assert night.usd == pytest.approx(before.usd + night.actual_usd)
        assert before.frames <= night.frames <= len(world.pool)
        assert 0 <= night.map50 <= 1
        before = night
    entries = run._memory.entries
    assert sum(PRICES.people_usd(each.seconds) for each in entries) == pytest.approx(nights[-1].usd)
    assert sum(each.edits.corrections for each in entries) == sum(each.corrections for each in nights)
    assert len(entries) == len(run._memory.labels) == nights[-1].frames > 0


def test_no_night_queues_more_than_the_nights_so_far_have_left(done: tuple[Replay, list[Night]]) -> None:
    """What a night cost beyond its forecast is missing in the next, and what it did not cost is there."""
    nights = done[1][-len(SETTING.budgets) :]
    left = 0.0
    for night, budget in zip(nights, SETTING.budgets, strict=True):
        left += budget
        assert night.forecast_usd <= max(left, 0.0) + 1e-9
        left -= night.actual_usd


def test_only_frames_of_the_pool_are_asked_and_none_twice(world: World, done: tuple[Replay, list[Night]]) -> None:
    asked = [each.frame_id for each in done[0]._memory.entries]
    assert len(set(asked)) == len(asked)
    assert set(asked) <= {each.id for each in world.pool}


def test_people_take_turns_and_answer_no_longer_than_the_cap(done: tuple[Replay, list[Night]]) -> None:
    entries = done[0]._memory.entries
    assert [each.annotator[-1] for each in entries] == ["12"[i % 2] for i in range(len(entries))]
    assert max(each.seconds for each in entries) <= PRICES.lead_time_cap_seconds


def test_the_ledger_grows_by_an_entry_an_answer_in_the_order_of_time(done: tuple[Replay, list[Night]]) -> None:
    entries = done[0]._memory.entries
    assert [each.annotation for each in entries] == list(range(1, len(entries) + 1))
    assert sorted(entries, key=lambda each: each.answered_at) == entries
    assert {each.round for each in entries} <= {1, 2, 3}


def test_a_teacher_gives_a_point_before_the_first_dollar_and_scratch_has_none(
    world: World, student: FakeStudent, tmp_path: Path
) -> None:
    trainings = Trainings(student, tmp_path)
    taught, scratch, alone = (
        replay(world, trainings, *each[0], **each[1]).run()
        for each in [(("random",), {}), (("scratch",), {}), (("random",), {"taught": False})]
    )
    assert (taught[0].usd, taught[0].frames, len(taught)) == (0.0, 0, 4)
    assert taught[0].map50 > 0
    assert len(scratch) == len(alone) == 3
    assert min(scratch[0].usd, alone[0].usd) > 0


def test_scratch_shows_no_boxes_and_learns_from_people_alone(
    world: World, student: FakeStudent, tmp_path: Path
) -> None:
    run = replay(world, Trainings(student, tmp_path), "scratch")
    run.run()
    assert {each.shown for each in run._memory.entries} == {0}
    assert {each.asked.model for each in run._memory.entries} == {""}
    assert {box.change for each in run._memory.entries for box in each.boxes} == {"added"}


def test_others_show_the_boxes_of_whoever_did_better_so_far(world: World, student: FakeStudent, tmp_path: Path) -> None:
    """The student overtakes the teacher as it is taught."""
    setting = replace(SETTING, budgets=(0.05, 0.3, 0.3))
    run = replay(world, Trainings(student, tmp_path), setting=setting)
    run.run()
    models = [each.asked.model for each in run._memory.entries if each.shown]
    assert models[0] == TEACHER
    assert models[-1].startswith("fake@")


def test_the_policy_pays_blind_audits_and_a_control_arm_from_the_same_dollars(
    world: World, student: FakeStudent, tmp_path: Path
) -> None:
    """A night is large enough for its tenths to pay for a frame each."""
    setting = replace(SETTING, budgets=(1.0, 1.0))
    run = replay(world, Trainings(student, tmp_path), "policy", setting=setting)
    run.run()
    entries = run._memory.entries
    assert {each.purpose for each in entries} == {Purpose.REVIEW, Purpose.AUDIT, Purpose.CONTROL}
    assert {each.shown for each in entries if each.purpose is Purpose.AUDIT} == {0}
    assert all(each.asked.predicted is not None for each in entries if each.purpose is Purpose.AUDIT)


@pytest.mark.parametrize("name", ["policy", "scratch"])
def test_a_run_is_a_function_of_its_arguments(world: World, student: FakeStudent, tmp_path: Path, name: str) -> None:
    one, other = (replay(world, Trainings(student, tmp_path / each), name).run() for each in "ab")
    assert one == other
    assert one != replay(world, Trainings(student, tmp_path / "c"), name, seed=1).run()


def test_a_run_that_is_done_again_trains_nothing_and_comes_to_the_same(
    world: World, student: FakeStudent, tmp_path: Path
) -> None:
    first = replay(world, Trainings(student, tmp_path)).run()
    before = student.fits
    assert replay(world, Trainings(student, tmp_path)).run() == first
    assert student.fits == before


def test_strategies_share_the_student_of_the_teacher(world: World, student: FakeStudent, tmp_path: Path) -> None:
    before, trainings = student.fits, Trainings(student, tmp_path)
    starts = [replay(world, trainings, name).run()[0] for name in ("gain_per_dollar", "random")]
    assert starts[0] == starts[1]
    assert student.fits - before == 1 + 2 * len(SETTING.budgets)


def test_progress_is_told_night_by_night(world: World, student: FakeStudent, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    replay(world, Trainings(student, tmp_path), "random").run(lambda done, total: told.append((done, total)))
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_when_everything_is_labelled_the_nights_cost_nothing_more(
    world: World, student: FakeStudent, tmp_path: Path
) -> None:
    nights = replay(world, Trainings(student, tmp_path), setting=replace(SETTING, budgets=(90.0, 90.0, 90.0))).run()
    assert nights[-1].frames == len(world.pool)
    assert nights[-1].actual_usd == nights[-1].forecast_usd == 0


def test_the_yardstick_is_what_drawing_every_box_of_the_pool_costs(world: World) -> None:
    boxes = sum(len(world.truth[each.id]) for each in world.pool)
    seconds = len(world.pool) * PRICES.glance_seconds + boxes * PRICES.draw_seconds
    assert full_cost(world, PRICES) == pytest.approx(PRICES.people_usd(seconds))


def test_full_supervision_is_trained_once_on_the_whole_truth(
    world: World, student: FakeStudent, tmp_path: Path
) -> None:
    before, trainings = student.fits, Trainings(student, tmp_path)
    value = full_supervision(world, SETTING, 0, trainings)
    assert full_supervision(world, SETTING, 0, trainings) == value
    assert student.fits == before + 1
    alike = replace(SETTING, budgets=(0.2, 0.2), rule=TrainingRule(human_weight=1.0))
    few = replay(world, trainings, "scratch", setting=alike).run()
    assert value > few[-1].map50


@pytest.mark.parametrize("name", ["random", "gain_per_dollar", "ppal"])
def test_every_strategy_is_a_scheme_that_differs_in_the_choice_alone(name: str) -> None:
    assert replace(scheme(name), name="x", function="x") == Scheme("x", "x")


def test_an_unknown_scheme_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UnknownName, match=r"strategy 'best': unknown\. Known: scratch, policy, "):
        scheme("best")


# -- people and what is remembered ------------------------------------------------------------------------------------


def test_hired_people_have_a_pace_of_their_own_that_the_seed_decides() -> None:
    one, again, other = (hire(2, Skill(), seed).skills[0].prices for seed in (0, 0, 1))
    assert one == again != other
    assert one.draw_seconds != PRICES.draw_seconds
    assert (one.reviewer_usd_per_hour, one.lead_time_cap_seconds) == (18.0, 300.0)
    assert hire(1, Skill(), 0, spread=0).skills[0].prices == PRICES


def test_a_crew_of_nobody_is_refused() -> None:
    with pytest.raises(ValueError, match="somebody"):
        Crew([])


def test_people_stop_when_the_nights_dollars_are_gone(world: World, student: FakeStudent, tmp_path: Path) -> None:
    """At most one frame more than the dollars of the nights so far, however wrong the first prices were."""
    setting = replace(SETTING, budgets=(0.3, 0.3), prices=replace(SETTING.prices, draw_seconds=1.0))
    one_frame = SETTING.prices.people_usd(60.0)
    for name in ("scratch", "random"):
        nights = replay(world, Trainings(student, tmp_path), name, setting=setting).run()
        for number, night in enumerate([n for n in nights if n.forecast_usd], start=1):
            assert night.usd <= 0.3 * number + one_frame
