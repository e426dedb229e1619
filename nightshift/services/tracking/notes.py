"""The descriptions that people read in MLflow, in markdown. Plain text, no server."""

from collections.abc import Mapping

from nightshift.domain.rounds import Plan, Sealed

EXPERIMENT_NOTE = """\
One run is one night of **Nightshift**: it auto-labels new frames, trains a student, and asks people only about the
frames that are worth their price. Sort by *round*; select runs and press *Compare* to see figures over rounds.

| column | what it says |
|---|---|
| `map50_95`, `map50` | accuracy of the student on the golden set (human-only test frames), 0 to 1 |
| `ap/<class>` | the same for one class (mAP50-95) |
| `human_usd`, `compute_usd` | what the round cost in people's and in the machine's time |
| `total_usd`, `usd_per_map_point` | all dollars so far, and the same for each point of mAP50-95 reached |
| `frames_reviewed` | frames that people answered since the round before |
| `boxes_kept`, `boxes_moved`, `boxes_relabelled`, `boxes_added`, `boxes_deleted` | what they did |
| `green`, `yellow`, `red` | frames auto-accepted, worth asking a person about, and not trusted |
| `queue_length` | frames asked in Label Studio |
| `seconds/<stage>` | how long each stage took |
| `training/<name>` | training curves, epoch by epoch |

Parameters are everything in the round's `plan.json`. The truth is in the object store; this is a view of it.
"""


def run_note(plan: Plan, sealed: Sealed, links: Mapping[str, str]) -> str:
    """What one round came to, in a few lines."""
    lines = [f"**Round {plan.number}** ({plan.kind}), opened {plan.opened_at:%Y-%m-%d %H:%M} UTC.", ""]
    lines += [f"- {label}: {sealed.metrics[name]:.3f}" for name, label in _SCORES if name in sealed.metrics]
    lines += [f"- {label}: {sealed.metrics[name]:.2f} USD" for name, label in _COSTS if name in sealed.metrics]
    lines.append(f"- Champion: {_champion(sealed)}")
    lines += [f"- [{label}]({url})" for label, url in links.items()]
    return "\n".join(lines)


def promoted(sealed: Sealed) -> bool:
    """Whether the round's own student became the champion."""
    return sealed.champion is not None and sealed.champion.round == sealed.number


_SCORES = (("map50", "mAP50"), ("map50_95", "mAP50-95"))
_COSTS = (("human_usd", "people"), ("compute_usd", "compute"))


def _champion(sealed: Sealed) -> str:
    if sealed.champion is None:
        return "none yet"
    return "this round's student" if promoted(sealed) else f"the student of round {sealed.champion.round}"
