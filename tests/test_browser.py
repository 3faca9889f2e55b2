"""The page of ``--report`` in a real browser: filter, keyboard, both themes, narrow and on paper."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.command import BROKEN, bn_migrate, plant

selenium = pytest.importorskip("selenium", reason="a driver for browsers: pip install selenium")
from selenium import webdriver  # noqa: E402
from selenium.webdriver.chrome.service import Service  # noqa: E402
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402
from selenium.webdriver.support.select import Select  # noqa: E402

SAMPLES = Path(__file__).parent.parent / "samples"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
HOSTILE = "</code><script>document.title = 'broken into'</script><b>"
CONTRAST = """
const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
const paper = (e) => {
  for (; e; e = e.parentElement) {
    const c = rgb(getComputedStyle(e).backgroundColor);
    if (c.length < 4 || c[3] > 0) return c;
  }
  return [255, 255, 255];
};
const part = (v) => v / 255 <= .03928 ? v / 255 / 12.92 : ((v / 255 + .055) / 1.055) ** 2.4;
const light = ([r, g, b]) => .2126 * part(r) + .7152 * part(g) + .0722 * part(b);
const found = {};
for (const e of document.querySelectorAll("body *")) {
  if (!e.checkVisibility() || ![...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim())) continue;
  const [a, b] = [light(rgb(getComputedStyle(e).color)), light(paper(e))].sort((x, y) => y - x);
  const name = `${e.tagName}.${e.className}`;
  found[name] = Math.min(found[name] ?? 21, (a + .05) / (b + .05));
}
return found;
"""
WIDE = """
return [...document.querySelectorAll("body *")].filter((e) => e.checkVisibility()
  && e.getBoundingClientRect().right > innerWidth + 1 && !e.closest(".scroll, pre, svg"))
  .map((e) => e.outerHTML.slice(0, 90));
"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of the page of a real run, with a proof where the frameworks are installed."""
    folder = tmp_path_factory.mktemp("page")
    samples = {path.name: path.read_bytes() for path in sorted(SAMPLES.glob("*.py"))}
    plant(folder, {**samples, "broken.py": BROKEN, "hostile.py": f"text = {HOSTILE!r}, x.running_mean\n".encode()})
    try:
        import mindspore  # noqa: F401
        import torch  # noqa: F401
    except ModuleNotFoundError:
        proof = []
    else:
        proof = ["--verify"]
    done = bn_migrate("--check", *proof, "--report", "page.html", ".", cwd=folder)
    assert done.returncode == 2, done.stderr.decode()
    return (folder / "page.html").as_uri()


@pytest.fixture(scope="module")
def driver() -> Iterator[webdriver.Chrome]:
    """A browser without a window."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    program = shutil.which("chromedriver")
    if browser is None or program is None:
        pytest.skip("no browser with its driver is installed: apt-get install chromium chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    with webdriver.Chrome(options=options, service=Service(program)) as started:
        yield started


def opened(driver: webdriver.Chrome, page: str, width: int = 1300, **media: Any) -> webdriver.Chrome:
    """The page in a window of this width, with the given media features."""
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": [], **media})
    driver.get(page)
    return driver


def theme(name: str) -> dict[str, Any]:
    return {"features": [{"name": "prefers-color-scheme", "value": name}]}


def left(driver: webdriver.Chrome) -> list[tuple[str, str, str]]:
    """Path, code and level of each finding that the filter leaves."""
    script = """return [...document.querySelectorAll(".finding")].filter((e) => !e.closest("[hidden]"))
      .map((e) => [e.closest(".file").dataset.path, e.dataset.code, e.dataset.level])"""
    return [tuple(each) for each in driver.execute_script(script)]


def test_nothing_is_refused_and_nothing_breaks_in(driver: webdriver.Chrome, page: str) -> None:
    opened(driver, page)
    assert driver.title == "bn-migrate report" and driver.get_log("browser") == []
    driver.execute_script(
        "document.body.append(Object.assign(document.createElement('script'), {text: 'document.title = 1'}))"
    )
    assert driver.title == "bn-migrate report", "the policy lets no other script run"


def test_the_filter_by_level(driver: webdriver.Chrome, page: str) -> None:
    opened(driver, page)
    everything = left(driver)
    assert {level for *_, level in everything} == {"rewrite", "review", "warning", "note"}
    for name in ("rewrite", "note"):
        driver.find_element(By.CSS_SELECTOR, f"#filter [value={name}]").click()
    assert left(driver) == [each for each in everything if each[2] in ("review", "warning")]
    files = {path for path, *_ in left(driver)}
    said = driver.find_element(By.ID, "shown").text
    assert said.startswith(f"{len(left(driver))} findings in {len(files)} of ")
    hidden = driver.execute_script("return document.querySelectorAll('.file[hidden]').length")
    assert hidden == len(driver.find_elements(By.CSS_SELECTOR, ".file[data-path]")) - len(files)
    driver.find_element(By.CSS_SELECTOR, "#filter [type=reset]").click()
    assert wait_for(driver, everything)


def wait_for(driver: webdriver.Chrome, wanted: list[tuple[str, str, str]]) -> bool:
    from selenium.webdriver.support.ui import WebDriverWait

    return bool(WebDriverWait(driver, 10).until(lambda d: left(d) == wanted))


def test_the_filter_by_code_and_path(driver: webdriver.Chrome, page: str) -> None:
    opened(driver, page)
    everything = left(driver)
    code = Select(driver.find_element(By.NAME, "code"))
    listed = [o.get_attribute("value") for o in code.options]
    assert listed == ["", *sorted({code for _, code, _ in everything})]
    code.select_by_value("BN103")
    wanted = [each for each in everything if each[1] == "BN103"]
    assert wanted and wait_for(driver, wanted)
    driver.find_element(By.NAME, "path").send_keys("RESNET")
    assert wait_for(driver, [each for each in wanted if "resnet" in each[0]])
    code.select_by_value("")
    assert wait_for(driver, [each for each in everything if "resnet" in each[0]])


def test_the_keyboard_reaches_and_works_all(driver: webdriver.Chrome, page: str) -> None:
    opened(driver, page)
    reached: list[str] = []
    for _ in range(40):
        driver.switch_to.active_element.send_keys(Keys.TAB)
        now = driver.switch_to.active_element
        outline = now.value_of_css_property("outline-style")
        assert outline != "none", now.get_attribute("outerHTML")
        reached.append(now.get_attribute("name") or now.get_attribute("id") or now.tag_name)
        if now.get_attribute("name") == "path":
            now.send_keys("resnet")
            assert {path for path, *_ in left(driver)} == {"resnet.py"}
            now.send_keys(Keys.CONTROL + "a", Keys.DELETE)
        if now.tag_name == "summary" and now.find_elements(By.CSS_SELECTOR, "h3 code"):
            folded = now.find_element(By.XPATH, "..").get_attribute("open")
            now.send_keys(Keys.ENTER)
            assert now.find_element(By.XPATH, "..").get_attribute("open") != folded
            break
    fields = [name for name in dict.fromkeys(reached) if name in ("path", "code", "kind")]
    assert fields == ["path", "code", "kind"]
    assert {"open", "fold"} <= set(reached)


@pytest.mark.parametrize("name", ["light", "dark"])
def test_text_can_be_read_in_both_themes(driver: webdriver.Chrome, page: str, name: str) -> None:
    opened(driver, page, **theme(name))
    driver.find_element(By.ID, "open").click()
    contrast = driver.execute_script(CONTRAST)
    assert len(contrast) > 25 and {where: ratio for where, ratio in contrast.items() if ratio < 4.5} == {}
    paper = driver.find_element(By.TAG_NAME, "body").value_of_css_property("background-color")
    assert (sum(map(int, re.findall(r"\d+", paper)[:3])) < 200) == (name == "dark")


@pytest.mark.parametrize("width", [420, 700, 1300, 2200])
def test_nothing_is_cut(driver: webdriver.Chrome, page: str, width: int) -> None:
    opened(driver, page, width)
    driver.find_element(By.ID, "open").click()
    assert driver.execute_script("return document.documentElement.scrollWidth") <= width
    assert driver.execute_script(WIDE) == []
    inner = "return [...document.querySelectorAll('pre')].filter((e) => e.scrollWidth > e.clientWidth).length"
    assert width > 640 or driver.execute_script(inner) == 0
    body = driver.find_element(By.TAG_NAME, "body").size["width"]
    assert body <= 84 * 16, "lines do not get longer than the eye follows"


def test_all_is_on_paper(driver: webdriver.Chrome, page: str) -> None:
    opened(driver, page, **theme("dark"))
    folded = driver.find_elements(By.CSS_SELECTOR, "details.file:not([open]) .line")
    assert folded and not any(e.is_displayed() for e in folded[:3])
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print", **theme("dark")})
    assert all(e.size["height"] > 0 for e in (folded[0], folded[-1]))
    assert not driver.find_element(By.ID, "filter").is_displayed()
    assert (
        driver.find_element(By.TAG_NAME, "body").value_of_css_property("background-color") == "rgba(255, 255, 255, 1)"
    )
    assert driver.execute_script(WIDE) == []
    printed = driver.execute_cdp_cmd("Page.printToPDF", {})
    assert len(json.dumps(printed)) > 20_000
