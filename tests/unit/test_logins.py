"""Logins inside addresses: shown nowhere, and kept away from clients whose errors quote addresses."""

import traceback
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.cli import app
from nightshift.domain.errors import ConfigError, TrackingError
from nightshift.services.addresses import no_login, without_login
from nightshift.services.health.findings import Finding
from nightshift.services.label_studio.api import Api
from nightshift.services.tracking import Tracking

WORD = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="/@\"'"), min_size=4, max_size=20)


@given(user=WORD, password=WORD)
def test_a_login_is_left_out_of_whatever_is_shown(user: str, password: str) -> None:
    shown = without_login(f"API request to http://{user}:{password}@host:5000/api failed, see postgresql://a:b@db/x")
    assert shown == "API request to http://host:5000/api failed, see postgresql://db/x"


def test_what_has_no_login_is_shown_as_it_is() -> None:
    for text in ("https://host/a@b", "s3://bucket/k@y", "mail night@example.com", "http://host:80/x?to=a@b"):
        assert without_login(text) == text


def test_a_finding_shows_no_login() -> None:
    assert Finding("MLflow", "ok", "version 3 at http://u:pw@host").detail == "version 3 at http://host"


def test_label_studio_takes_no_login_in_its_address() -> None:
    with pytest.raises(ConfigError, match="carries a login") as refused:
        Api("http://u:password@127.0.0.1:9", "token")
    assert "password" not in str(refused.value)
    assert no_login("X", "http://127.0.0.1:9") == "http://127.0.0.1:9"


def _whole(error: BaseException) -> str:
    """Everything that a traceback would show."""
    return "".join(traceback.format_exception(error))


@pytest.mark.slow  # MLflow's client asks a few times before it believes that nobody is there
def test_mlflows_errors_know_no_password() -> None:
    environ: dict[str, str] = {}
    password = uuid4().hex
    with pytest.raises(TrackingError) as failed:
        Tracking.connect(f"http://night:p%40{password}@127.0.0.1:9", environ)
    assert password not in _whole(failed.value)
    assert environ == {"MLFLOW_TRACKING_USERNAME": "night", "MLFLOW_TRACKING_PASSWORD": f"p@{password}"}


def test_no_traceback_shows_the_values_of_variables() -> None:
    assert not app.pretty_exceptions_show_locals
