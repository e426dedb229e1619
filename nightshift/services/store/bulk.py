"""Many small requests at once, in threads, with progress told to the caller's own thread."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TypeVar

from nightshift.domain.models import Progress, no_progress

THREADS = 16
Item = TypeVar("Item")
Result = TypeVar("Result")


def in_threads(
    work: Callable[[Item], Result],
    items: Sequence[Item],
    progress: Progress = no_progress,
    threads: int = THREADS,
) -> list[Result]:
    """work(item) for every item, in their order. The first error stops what has not begun."""
    with ThreadPoolExecutor(threads, thread_name_prefix="store") as pool:
        futures = [pool.submit(work, item) for item in items]
        try:
            for done, future in enumerate(as_completed(futures), 1):
                future.result()
                progress(done, len(items))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return [future.result() for future in futures]
