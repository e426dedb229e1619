"""What users supply is text on the page, and nothing on it leads or loads from anywhere it should not."""

import re

import pytest
from report_views import EVIL, QUEUE, Page, bare_view, plain, queue_card, round_view

from nightshift.domain.detections import Detections
from nightshift.evaluation.confusion import NOTHING, Confusion
from nightshift.evaluation.stopping import Action, Recommendation
from nightshift.report.evidence import AgreementRow, StoplightRow, StoplightView
from nightshift.report.page import render


def test_the_page_asks_no_other_file_and_runs_no_script() -> None:
    page = Page(plain())
    outside = [each for each in page.addresses if not each[1].startswith(("data:image/jpeg;base64,", "#"))]
    assert outside == [("a", QUEUE), ("a", f"{QUEUE}?task=41")]
    assert not {"script", "link", "iframe", "object", "embed", "base"} & set(page.tags)
    assert not re.search(r"url\((?!#)|@import", plain())


def test_everything_a_user_supplies_is_shown_as_text() -> None:
    view = round_view(
        project=EVIL, kind=EVIL, verdict=EVIL, classes=((EVIL, "#000000"), (EVIL + "2", "#ffffff")),
        per_class={EVIL: 0.4}, thresholds={EVIL: 0.5}, changes={EVIL: {"moved": 2}},
        cards=(queue_card(name=EVIL, purpose=EVIL, reason=EVIL),), confused=(Confusion(EVIL, EVIL, 2, 0.5),),
        quarantine=((EVIL, EVIL, EVIL),), notes=(EVIL,), stages={EVIL: 1.0}, links={EVIL: 'https://a.b/"><script>'},
    )  # fmt: skip
    page = Page(render(view))
    assert "script" not in page.tags
    assert not page.handlers
    assert "alert('$x$')" in page.text


def test_links_that_are_no_web_pages_are_shown_but_lead_nowhere() -> None:
    links = {"Bad": "javascript:alert(1)", "Rounds": "s3://bucket/rounds/0001"}
    page = Page(render(round_view(links=links)))
    assert not [each for each in page.addresses if each[0] == "a"]
    assert "s3://bucket/rounds/0001" in page.text


def test_names_in_the_promise_are_shown_as_text() -> None:
    row = StoplightRow(EVIL, None, 0.9, 0.8, 3, 9, 4, 1.0)
    view = bare_view(
        stoplight=StoplightView(0.9, 0.95, (row,), None, EVIL, (EVIL,)),
        recommendation=Recommendation(Action.STOP, EVIL, None, EVIL),
    )
    page = Page(render(view))
    assert "script" not in page.tags
    assert "alert('$x$')" in page.text


def test_how_people_agree_is_shown_by_reviewer_and_class_and_a_name_is_escaped() -> None:
    rows = (
        AgreementRow(EVIL, "gear", 12, 40, 0.975, 0.9, 0.91),
        AgreementRow("second", "bolt", 12, 0, None, None, None),
    )
    page = Page(render(round_view(agreement=rows)))
    assert "How people agree" in page.text
    assert "0.97" in page.text or "0.98" in page.text
    assert EVIL.replace("\x00", "") in page.text.replace("\x00", "").replace("\ufffd", "")
    assert "How people agree" not in Page(render(round_view())).text


def test_a_task_in_the_quarantine_is_linked_and_a_long_list_is_cut() -> None:
    rows = (("ingest", "task 17, annotation 5", EVIL), ("register", "task.png", "no"), ("ingest", "task 9<x>", EVIL))
    many = tuple(("register", f"{i}.png", "it is cut off") for i in range(400))
    page = Page(render(bare_view(quarantine=rows + many, links={"Label Studio": f"{QUEUE}?tab=3"})))
    linked = [where for _, where in page.addresses if "task=" in where]
    assert linked == [f"{QUEUE}?tab=3&task=17", f"{QUEUE}?tab=3&task=9"]
    assert "403 things could not be used" in page.text
    assert "The first 200:" in page.text
    assert "script" not in page.tags


def test_no_task_is_linked_where_the_desk_has_no_safe_address() -> None:
    rows = (("ingest", "task 17, annotation 5", "no"),)
    page = Page(render(bare_view(quarantine=rows, links={"Label Studio": "javascript:alert(1)//"})))
    assert page.addresses == []


@pytest.mark.parametrize(
    "name",
    ["\ud800", "</style><script>", "]]><script>", "$\\frac{1}{0}$", "'\" onload='x'", "&lt;b&gt;", "<svg/onload=x>"],
)
def test_whatever_a_class_is_called_the_page_is_written_and_its_name_is_text(name: str) -> None:
    view = bare_view(
        classes=((name, "#123456"),), per_class={name: 0.5}, changes={name: {"moved": 1}},
        confused=(Confusion(name, NOTHING, 2, 0.5),), thresholds={name: 0.4}, scores=(0.2,),
        cards=(queue_card(shown=Detections.of([[1, 1, 9, 9]], [0], [0.5])),),
    )  # fmt: skip
    page = Page(render(view).encode().decode())
    assert "script" not in page.tags
    assert page.handlers == []
    assert name.replace("\ud800", "?") in page.text
