"""Whether a new student becomes champion. Knows nothing of how the gain was measured."""

from dataclasses import dataclass

from nightshift.evaluation.bootstrap import Gain

SURE_ENOUGH = 0.80  # probability of being better, in the paired bootstrap over clips


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether to promote, and the reason as sentences with the figures."""

    promote: bool
    reason: str


def decide(
    gain: Gain | None,
    *,
    rival: bool = True,
    challenger: bool = True,
    sure_enough: float = SURE_ENOUGH,
) -> Verdict:
    """The first student is promoted; any other only when the bootstrap says that it is better.

    Args:
        gain: of the challenger over the champion; None when they cannot be compared (no golden frame is labelled).
        rival: whether there is a champion.
        challenger: whether a student was trained.
        sure_enough: least probability of being better. A champion that is kept by mistake can be replaced the next
            night, and so can one that is promoted by mistake: this is less strict than a scientist's 0.975.
    """
    if not challenger:
        return Verdict(promote=False, reason="No student was trained.")
    if not rival:
        return Verdict(promote=True, reason="Promoted: it is the first student, there is no champion to beat.")
    if gain is None:
        return Verdict(promote=False, reason="Not promoted: without golden frames nothing shows that it is better.")
    promote = gain.probability_better >= sure_enough
    return Verdict(promote, f"{_judgement(gain, promote=promote, sure_enough=sure_enough)} {_figures(gain)}")


def _judgement(gain: Gain, *, promote: bool, sure_enough: float) -> str:
    verb, relation = ("Promoted", "at least") if promote else ("Not promoted", "less than")
    return (
        f"{verb}: better than the champion with probability {gain.probability_better:.2f}, "
        f"{relation} the {sure_enough:.2f} asked for."
    )


def _figures(gain: Gain) -> str:
    low, mean, high = (f"{100 * value:+.1f}" for value in (gain.low, gain.mean, gain.high))
    return f"The gain is {mean} points of mAP50 ({low} to {high} in 95% of the draws)."
