from concurrent.futures import ThreadPoolExecutor

import pytest

from nightshift.frames.allowance import Allowance


def test_threads_never_hold_more_than_there_is() -> None:
    shared, held, most = Allowance(10), [0], [0]

    def work(wanted: int) -> None:
        with shared.hold(wanted):
            held[0] += wanted
            most[0] = max(most[0], held[0])
            held[0] -= wanted

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, [1, 4, 9, 10, 3] * 200))
    assert most[0] <= 10


def test_whoever_wants_more_than_there_is_gets_it_alone_and_gives_it_back_after_a_failure() -> None:
    shared = Allowance(10)
    for _ in range(2):
        with pytest.raises(RuntimeError), shared.hold(1000):
            raise RuntimeError
