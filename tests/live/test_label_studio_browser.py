"""A pushed task in a real browser: what a reviewer sees, does, and what comes back of it."""

import tempfile
from collections.abc import Iterator
from io import BytesIO

import numpy as np
import pytest
from PIL import Image as Pictures
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from infra.local import Endpoints
from nightshift.domain.corrections import Change, compare
from nightshift.domain.detections import Detections
from nightshift.services.label_studio.answers import read
from tests.live.desk_rig import CLASSES, Rig, questions, rig

pytestmark = pytest.mark.live

QUIET = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--window-size=1440,1000",
)  # fmt: skip
MOVE = (24, 15)  # pixels on the screen
PATIENCE = 60  # seconds; the page asks the outside world for its error tracker, so a quiet network never comes
READY = """
    const one = window.Htx && window.Htx.annotationStore && window.Htx.annotationStore.selected;
    const picture = [...document.images].find(each => each.src.startsWith('blob:') && each.naturalWidth);
    return one && one.type === 'annotation' && one.regions.length === arguments[0] && picture || null;
"""


@pytest.fixture(name="rig")
def project_of_its_own(stack: Endpoints) -> Iterator[Rig]:
    with rig(stack) as made:
        yield made


@pytest.fixture
def browser(stack: Endpoints) -> Iterator[webdriver.Chrome]:
    """Debian's Chromium, signed in."""
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        for flag in (*QUIET, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
        try:
            sign_in(driver, stack)
            yield driver
        finally:
            driver.quit()


def sign_in(driver: webdriver.Chrome, stack: Endpoints) -> None:
    driver.get(f"{stack.label_studio}/user/login/")
    driver.find_element(By.NAME, "email").send_keys(stack.label_studio_user)
    driver.find_element(By.NAME, "password").send_keys(stack.label_studio_password)
    driver.find_element(By.CSS_SELECTOR, "button[type=submit]").click()
    WebDriverWait(driver, PATIENCE).until(lambda page: "/login" not in page.current_url)


def open_task(driver: webdriver.Chrome, rig: Rig, regions: int) -> WebElement:
    """The picture of the first task in the queue, once its boxes are there."""
    task = rig.desk.unanswered(rig.project)[0]["id"]
    driver.get(f"{rig.desk.queue_url(rig.project)}&task={task}")
    return WebDriverWait(driver, PATIENCE).until(lambda page: page.execute_script(READY, regions))


def on_screen(driver: webdriver.Chrome, picture: WebElement, boxes: np.ndarray) -> np.ndarray:
    """Boxes in pixels of the frame → pixels of the window. (n, 4) → (n, 4)."""
    place = driver.execute_script("return arguments[0].getBoundingClientRect().toJSON()", picture)
    natural = [picture.get_property("naturalWidth"), picture.get_property("naturalHeight")]
    scale = np.tile(np.array([place["width"], place["height"]]) / natural, 2)
    return boxes * scale + np.tile([place["x"], place["y"]], 2)


def share_of_border_painted(screen: np.ndarray, box: np.ndarray, color: str) -> float:
    """How much of a box's outline has the colour within two pixels of where it belongs."""
    wanted = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)])
    near = np.abs(screen[:, :, :3].astype(int) - wanted).sum(axis=2) < 60
    x1, y1, x2, y2 = np.round(box).astype(int)
    columns, rows = range(x1 + 4, x2 - 4), range(y1 + 4, y2 - 4)
    painted = [near[max(y - 2, 0) : y + 3, x].any() for y in (y1, y2) for x in columns]
    painted += [near[y, max(x - 2, 0) : x + 3].any() for x in (x1, x2) for y in rows]
    return float(np.mean(painted))


def least_painted(driver: webdriver.Chrome, boxes: np.ndarray, colors: list[str]) -> float:
    screen = np.array(Pictures.open(BytesIO(driver.get_screenshot_as_png())))
    pairs = zip(boxes, colors, strict=True)
    return min(share_of_border_painted(screen, box, color) for box, color in pairs)


def drag(driver: webdriver.Chrome, start: tuple[float, float], by: tuple[int, int]) -> None:
    actions = ActionChains(driver)
    actions.w3c_actions.pointer_action.move_to_location(*(round(each) for each in start))
    actions.click_and_hold().move_by_offset(by[0] // 2, by[1] // 2).move_by_offset(
        by[0] - by[0] // 2, by[1] - by[1] // 2
    )
    actions.release().perform()


def click(driver: webdriver.Chrome, at: tuple[float, float]) -> None:
    actions = ActionChains(driver)
    actions.w3c_actions.pointer_action.move_to_location(*(round(each) for each in at))
    actions.click().perform()


def middle(box: np.ndarray) -> tuple[float, float]:
    return float(box[[0, 2]].mean()), float(box[[1, 3]].mean())


def test_the_boxes_lie_where_they_belong_and_a_correction_comes_back(rig: Rig, browser: webdriver.Chrome) -> None:
    """The picture is whole, every outline is on its pixels; relabelled by key and moved by mouse, both are read."""
    frame, _ = rig.frames(1)[0]
    shown = Detections.of([[40, 40, 120, 110], [200, 60, 300, 130], [330, 200, 440, 320]], [0, 1, 3], [0.9, 0.6, 0.4])
    rig.desk.push(rig.project, questions([(frame, shown)]), CLASSES)
    picture = open_task(browser, rig, len(shown))
    assert picture.get_property("naturalWidth") == frame.width
    boxes = on_screen(browser, picture, shown.boxes)
    colors = [CLASSES.classes[label].color for label in shown.classes]
    WebDriverWait(browser, PATIENCE).until(lambda page: least_painted(page, boxes, colors) > 0.9)

    click(browser, middle(boxes[0]))
    ActionChains(browser).send_keys("3").perform()  # washer
    ActionChains(browser).send_keys("\ue00c").perform()  # Escape: nothing is selected any more
    drag(browser, middle(boxes[1]), MOVE)
    browser.find_element(By.CSS_SELECTOR, "[aria-label='Submit current annotation']").click()

    polled = WebDriverWait(browser, PATIENCE).until(lambda _: rig.desk.poll(rig.project).tasks)
    answers, rejected = read(polled, CLASSES, cap_seconds=300)
    assert rejected == []
    assert [each.annotator for each in answers] == [rig.stack.label_studio_user]
    changes = {each.before: each for each in compare(answers[0].shown, answers[0].said)}
    assert [changes[i].change for i in range(3)] == [Change.RELABELLED, Change.MOVED, Change.KEPT]
    said = answers[0].said
    assert CLASSES.names[said.classes[changes[0].after]] == "washer"
    moved = said.boxes[changes[1].after] - shown.boxes[1]
    scale = (shown.boxes[1] - shown.boxes[0]) / (boxes[1] - boxes[0])  # pixels of the frame for one on the screen
    assert np.allclose(moved, np.tile(MOVE, 2) * scale, atol=1.5)
