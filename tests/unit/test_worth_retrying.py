"""Which failed stages Prefect tries again."""

import pytest
from prefect.states import Failed

from nightshift.domain.errors import ConfigError, LeaseLost, NightshiftError, ReviewError, ServiceDown, StoreError
from tasks.stage import worth_retrying


@pytest.mark.parametrize(
    ("kind", "again"),
    [(ReviewError, True), (StoreError, True), (ServiceDown, False), (LeaseLost, False), (ConfigError, False)],
)
def test_a_stage_is_tried_again_unless_its_error_would_only_come_again(
    kind: type[NightshiftError], again: bool
) -> None:
    error = kind("it", "does not do it", "Look.")
    assert worth_retrying(None, None, Failed(data=error)) is again
