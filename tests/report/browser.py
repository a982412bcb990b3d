"""The page of a report in a browser: seen, pointed at, sorted, printed, and asking nobody.

    browser.py FOLDER [--figures DIR] [--literally TEXT]... [--screenshots DIR]

opens report.html of a results folder from its file in Chromium, on a telephone and on a desk, in
light and in dark, and fails with all that is wrong. What the page tells of figures is compared to
their CSV. It needs Selenium, `chromium` and `chromedriver`; run it without a network.
"""

import argparse
import base64
import csv
import json
import math
import sys
import tempfile
import zlib
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

SCREENS = {"phone": (390, 844), "desk": (1280, 900)}
SCHEMES = ["light", "dark"]
# Widths of a page of A4 between margins of 15 mm, upright and on its side, in CSS pixels.
PAPER, PAPER_ON_ITS_SIDE = 680, 1009
# What is so much wider, browsers print smaller.
SHRUNK = 1.15

wrong = []


def check(holds, *what):
    """Notes what does not hold; all of it is told in the end."""
    if not holds:
        wrong.append(" ".join(map(str, what)))


def browser(profile):
    options = webdriver.ChromeOptions()
    for option in [
        "headless=new",
        "no-sandbox",
        "disable-gpu",
        "disable-quic",
        "no-first-run",
        "disable-background-networking",
        "disable-component-update",
        "disable-default-apps",
        "disable-sync",
        "hide-scrollbars",  # or a picture of the whole page changes its width
        f"user-data-dir={profile}",
    ]:
        options.add_argument(f"--{option}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    service = webdriver.ChromeService("/usr/bin/chromedriver")
    return webdriver.Chrome(options, service)


class Page:
    """A page that is open on some screen."""

    def __init__(self, driver, path):
        self.driver = driver
        self.url = path.resolve().as_uri()

    def open(self, screen, scheme, medium="screen"):
        width, height = SCREENS.get(screen, (PAPER, 1000))
        self.where = f"[{screen}, {scheme}]"
        self.is_touched = screen == "phone"
        self.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": screen == "phone"},
        )
        self.driver.execute_cdp_cmd(
            "Emulation.setTouchEmulationEnabled", {"enabled": self.is_touched}
        )
        self.driver.execute_cdp_cmd(
            "Emulation.setEmulatedMedia",
            {"media": medium, "features": [{"name": "prefers-color-scheme", "value": scheme}]},
        )
        self.driver.get(self.url)

    def js(self, code, *arguments):
        return self.driver.execute_script(code, *arguments)

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def is_quiet(self):
        """Nobody complains, and nobody but the file is asked."""
        for entry in self.driver.get_log("browser"):
            check(False, self.where, "the console says:", entry["message"])
        for entry in self.driver.get_log("performance"):
            event = json.loads(entry["message"])["message"]
            if event["method"] == "Network.requestWillBeSent":
                url = event["params"]["request"]["url"].split("#")[0]
                check(url in (self.url, "data:,"), self.where, "asks for", url)

    def fits(self, width):
        wide = self.js("return document.documentElement.scrollWidth")
        check(wide <= width, self.where, "is", wide, "pixels wide")

    def names_are_unique(self):
        ids = self.js("return [...document.querySelectorAll('[id]')].map((e) => e.id)")
        check(len(ids) == len(set(ids)), self.where, "has names twice:", sorted(ids))

    def figures_are_seen(self):
        for figure in self.js(FIGURES):
            name = f"{self.where} figure {figure['name']}"
            check(figure["visible"], name, "is not visible")
            check(min(figure["size"]) > 50, name, "has the size", figure["size"])
            check(figure["drawn"] > 0, name, "has nothing drawn in it")
            check(figure["described"], name, "has no description")
            for text in figure["outside"]:
                check(False, name, "has a text that sticks out:", text)
            for pair in figure["overlapping"]:
                check(False, name, "has texts over each other:", *pair)


# Of each figure what is to be seen of it. Texts are boxes on the screen, by their corners, for some
# of them are slanted; how deep two are in each other is told by the sides of both.
FIGURES = """
const corners = (text) => {
  const box = text.getBBox(), onto = text.getScreenCTM();
  return [[0, 0.15], [1, 0.15], [1, 0.9], [0, 0.9]].map(([right, down]) =>
    new DOMPoint(box.x + right * box.width, box.y + down * box.height).matrixTransform(onto));
};
const sides = ([a, b, , d]) => [[b, a], [d, a]].map(([to, from]) => {
  const [x, y] = [to.x - from.x, to.y - from.y], length = Math.hypot(x, y) || 1;
  return (corner) => (corner.x * x + corner.y * y) / length;
});
const depth = (a, b) => Math.min(...[...sides(a), ...sides(b)].map((along) => {
  const [one, other] = [a.map(along), b.map(along)];
  return Math.min(Math.max(...one), Math.max(...other)) - Math.max(Math.min(...one), Math.min(...other));
}));
return [...document.querySelectorAll("figure")].map((figure) => {
  const svg = figure.querySelector("svg");
  const box = svg.getBoundingClientRect();
  const drawn = [...svg.querySelectorAll("path, rect, circle, line, polyline, polygon")];
  const texts = [...svg.querySelectorAll("text")].map((text) => [text.textContent, corners(text)]);
  const overlapping = texts.flatMap(([a, one], i) => texts.slice(0, i)
    .filter(([, other]) => depth(one, other) > 2.5).map(([b]) => [a, "|", b]));
  const slack = 1.5;
  const outside = texts.filter(([, corners]) => corners.some(({ x, y }) => x < box.left - slack
    || x > box.right + slack || y < box.top - slack || y > box.bottom + slack)).map(([text]) => text);
  return {
    name: figure.id,
    visible: svg.checkVisibility(),
    size: [box.width, box.height],
    drawn: drawn.filter((d) => { const b = d.getBBox(); return b.width + b.height > 0; }).length,
    described: svg.getAttribute("role") === "img"
      && Boolean(svg.querySelector("title")?.textContent) && Boolean(svg.querySelector("desc")?.textContent),
    overlapping, outside,
  };
});
"""


def values(plot):
    """What the page knows of a figure: where its data is drawn, and the data."""
    return json.loads(zlib.decompress(base64.b64decode(plot.get_attribute("data-values"))))


def share(scale, value):
    """Where a value stands on a scale, from 0 to 1."""
    at = math.log if scale["is_log"] else float
    return (at(value) - at(scale["from"])) / (at(scale["to"]) - at(scale["from"]))


def place(frame, x, y):
    """Where data stands in the drawing."""
    across = frame["left"] + share(frame["x"], x) * (frame["right"] - frame["left"])
    up = frame["bottom"] + share(frame["y"], y) * (frame["top"] - frame["bottom"])
    return across, up


def number(text):
    """A number as it is told."""
    return float(text.replace("\u2212", "-").replace("∞", "inf").split(" ")[0])


def is_near(told, value, digits=4):
    """Whether a number that was told in so many digits is this one; None and NaN are nothing."""
    told, value = (math.nan if x is None else float(x) for x in (told, value))
    if math.isnan(told) or math.isnan(value):
        return math.isnan(told) and math.isnan(value)
    return told == value or abs(told - value) <= 0.6 * 10 ** (1 - digits) * abs(value)


def check_values(name, content, path):
    """What the page knows of a figure is what its CSV says."""
    with path.open(newline="") as file:
        head, *rows = csv.reader(file)
    read = lambda field: float(field or "nan")
    # Places along a curve have nine digits.
    at = lambda x: float(f"{x:.8e}")
    match content["kind"]:
        case "curves":
            check(content["label"] in (head[1], ""), name, "has along it", content["label"])
            known = {}
            for label, x, *fields in rows:
                known.setdefault((label, at(read(x))), []).append([read(field) for field in fields])
            for one in content["series"]:
                ends = [*(one.get("band") or []), *(one.get("interval") or [])]
                for x, *told in zip(content["x"][one["x"]], one["y"], *ends):
                    so = known.get((one["label"], at(x)), [])
                    fits = lambda row: all(map(is_near, told, row, [4, 3, 3, 3, 3]))
                    check(any(map(fits, so)), name, one["label"], "at", x, "knows", told, "not", so)
        case "cells":
            names = [[row, column] for row in content["rows"] for column in content["columns"]]
            check(names == [row[:2] for row in rows], name, "names other rows and columns")
            for told, row in zip(content["values"], rows, strict=True):
                check(is_near(told, read(row[2])), name, row, "knows", told)
        case "network":
            for (label, place), (_, is_so, x, y, *_) in zip(content["nodes"], rows, strict=True):
                check(label == is_so, name, "names", label, "instead of", is_so)
                check(all(map(is_near, place, (x, y), [8, 8])), name, label, "stands at", place)
        case "bars":
            known = [(bar, part, length) for bar, lengths in content["bars"]
                     for part, length in zip(content["parts"], lengths)]
            for (bar, part, length), row in zip(known, rows, strict=True):
                check([bar, part] == row[:2], name, "names", bar, part, "instead of", row)
                check(is_near(length, read(row[2])), name, row, "knows", length)


def point_at(page, plot, across, up):
    """Moves the pointer to a place of the drawing, or taps it; what is told there, in lines."""
    x, y = page.js(
        """
        const [plot, x, y] = arguments, svg = plot.querySelector("svg");
        plot.scrollIntoView({ block: "center", behavior: "instant" });
        const at = new DOMPoint(x, y).matrixTransform(svg.getScreenCTM());
        return [at.x, at.y];
        """,
        plot,
        across,
        up,
    )
    if page.is_touched:
        for kind, points in [("touchStart", [{"x": x, "y": y}]), ("touchEnd", [])]:
            event = {"type": kind, "touchPoints": points}
            page.driver.execute_cdp_cmd("Input.dispatchTouchEvent", event)
    else:
        event = {"type": "mouseMoved", "x": x, "y": y}
        page.driver.execute_cdp_cmd("Input.dispatchMouseEvent", event)
    return readout(page, plot)


def readout(page, plot):
    return page.driver.execute_async_script(
        """
        const [plot, done] = arguments;
        let tries = 0;
        const look = () => {
          const box = plot.querySelector(".readout:not([hidden])");
          if (!box && tries++ < 100) return setTimeout(look, 20);
          if (!box) return done(null);
          const inside = box.getBoundingClientRect(), around = document.documentElement;
          done({
            head: box.querySelector("strong").textContent,
            lines: [...box.querySelectorAll("dt")].map((dt) => [dt.textContent, dt.nextSibling.textContent]),
            fits: inside.left >= 0 && inside.right <= around.clientWidth,
          });
        };
        look();
        """,
        plot,
    )


def middle(values):
    return values[(len(values) - 1) // 2]


def tells_curves(page, plot, name, content, frame):
    stops = sorted({x for xs in content["x"] for x in xs})
    stop = middle(stops)
    across, _ = place(frame, stop, frame["y"]["to"])
    told = point_at(page, plot, across, (frame["top"] + frame["bottom"]) / 2)
    check(told, name, "tells nothing under the pointer")
    if not told:
        return
    check(told["fits"], name, "tells values outside the screen")
    if content["ticks"]:
        return
    # Screens have fewer points across than there may be iterations.
    head = number(told["head"].removeprefix(content["label"]).strip())
    near = (stops[-1] - stops[0]) / 200
    check(abs(head - stop) <= near, name, "tells of", head, "at", stop)
    stop = min(stops, key=lambda at: abs(at - head))
    known = [(one, content["x"][one["x"]]) for one in content["series"]]
    so = [[one["label"], one["y"][at.index(stop)]] for one, at in known if stop in at]
    fits = [a == b and is_near(number(x), y) for (a, x), (b, y) in zip(told["lines"], so)]
    check(all(fits) and len(told["lines"]) == len(so), name, "tells", told, "instead of", so)
    if len(stops) == 1:
        return
    # Arrow keys lead to the next one, and back to the first.
    plot.send_keys(Keys.ARROW_RIGHT)
    after = readout(page, plot)
    check(after and after["head"] != told["head"], name, "does not follow the arrow keys")
    plot.send_keys(Keys.HOME)
    first = number(readout(page, plot)["head"].removeprefix(content["label"]).strip())
    check(is_near(first, stops[0]), name, "starts at", first, "instead of", stops[0])
    plot.send_keys(Keys.ESCAPE)
    check(not plot.find_elements(By.CSS_SELECTOR, ".readout:not([hidden])"), name, "stays open")


def tells_cells(page, plot, name, content, frame):
    rows, columns = content["rows"], content["columns"]
    row, column = len(rows) // 3, 2 * len(columns) // 3
    across = frame["left"] + (column + 0.5) / len(columns) * (frame["right"] - frame["left"])
    down = frame["top"] + (row + 0.5) / len(rows) * (frame["bottom"] - frame["top"])
    told = point_at(page, plot, across, down)
    check(told, name, "tells nothing under the pointer")
    if not told:
        return
    check(told["fits"], name, "tells values outside the screen")
    check(told["head"].endswith(rows[row]), name, "tells of row", told, "instead of", rows[row])
    value = content["values"][row * len(columns) + column]
    (_, of_column), (_, tells) = told["lines"]
    check(of_column == columns[column], name, "tells of column", of_column)
    is_so = tells == "–" if value is None else is_near(number(tells), float(value))
    check(is_so, name, "tells", tells, "instead of", value)


def tells_network(page, plot, name, content, frame):
    label, at = middle(content["nodes"])
    told = point_at(page, plot, *place(frame, *at))
    check(told and told["head"] == label, name, "tells", told, "instead of", label)


def tells_bars(page, plot, name, content, frame):
    index = len(content["bars"]) - 1
    bar, lengths = content["bars"][index]
    height = (frame["bottom"] - frame["top"]) / len(content["bars"])
    across = frame["left"] + 0.3 * (frame["right"] - frame["left"])
    told = point_at(page, plot, across, frame["top"] + (index + 0.5) * height)
    check(told and told["head"] == bar, name, "tells", told, "instead of", bar)
    if told:
        for (part, tells), (is_part, is_so) in zip(told["lines"], zip(content["parts"], lengths)):
            check(part == is_part, name, "names", part, "instead of", is_part)
            check(is_near(number(tells), float(is_so)), name, "tells", tells, "instead of", is_so)


TELLS = {
    "curves": tells_curves,
    "cells": tells_cells,
    "network": tells_network,
    "bars": tells_bars,
}


def figures_know_values(page, figures):
    """The data that the page holds is what the figures' CSV says."""
    for figure in page.all("figure"):
        name = figure.get_attribute("id")
        content = values(figure.find_element(By.CSS_SELECTOR, ".plot"))["content"]
        check_values(name, content, figures / f"{name.removeprefix('figure-')}.csv")


def figures_tell_values(page):
    for figure in page.all("figure"):
        name = f"{page.where} {figure.get_attribute('id')}"
        plot = figure.find_element(By.CSS_SELECTOR, ".plot")
        known = values(plot)
        TELLS[known["content"]["kind"]](page, plot, name, known["content"], known["frame"])


def tables_are_sorted(page):
    """By each column, up and down: numbers as numbers, nothing last."""
    tables = page.all("table.sortable")
    check(tables, page.where, "no table can be sorted")
    for table in tables:
        before = page.js(ROWS, table)
        for column, button in enumerate(table.find_elements(By.CSS_SELECTOR, "th button")):
            for way, order in [(1, "ascending"), (-1, "descending")]:
                # Once by click, once by key.
                page.js("arguments[0].scrollIntoView({ block: 'center' })", button)
                button.click() if way == 1 else button.send_keys(Keys.ENTER)
                after = page.js(ROWS, table)
                name = f"{page.where} column {column}, {order}"
                check(sorted(map(str, after)) == sorted(map(str, before)), name, "has other rows")
                # Rows that are equal there stay as they were.
                rows = sorted(before, key=lambda row: order_of(row[column], way))
                check(after == rows, name, "is", [row[column] for row in after][:12])
                header = button.find_element(By.XPATH, "..")
                check(header.get_attribute("aria-sort") == order, name, "does not say so")
                before = after


# Of each row its cells, of which kind they are and by what they are sorted.
ROWS = """
const cell = (td) => {
  const { number } = td.dataset, kind = td.classList;
  if (kind.contains("missing")) return ["missing", td.textContent];
  if (number || kind.contains("number")) return ["number", number || td.title || td.textContent];
  return ["text", td.textContent];
};
return [...arguments[0].tBodies[0].rows].map((row) => [...row.cells].map(cell));
"""


def order_of(cell, way):
    kind, text = cell
    if kind == "missing":
        return 2, 0, ()
    if kind == "text":
        return 1, 0, tuple(way * ord(c) for c in text) + (() if way == 1 else (math.inf,))
    return 0, way * number(text), ()


def is_whole_without_script(page):
    """Figures and tables stand in the page itself."""
    page.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    page.open("desk", "light")
    page.where = "[without script]"
    check(not page.all("th button"), page.where, "the script ran")
    for figure in page.all("figure"):
        name = f"{page.where} {figure.get_attribute('id')}"
        svg = figure.find_element(By.CSS_SELECTOR, "svg")
        check(svg.is_displayed() and svg.size["height"] > 50, name, "is not visible")
    for table in page.all("table"):
        check(table.is_displayed(), page.where, "a table is not visible")
    page.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def is_printed(page, folder):
    """Light, with all that is folded away on a screen, nothing cut off; and as PDF."""
    page.open("paper", "dark", medium="print")
    background = page.js("return getComputedStyle(document.body).backgroundColor")
    check(background == "rgb(255, 255, 255)", page.where, "is printed on", background)
    hidden = page.js(
        """
        return [...document.querySelectorAll("details > :not(summary)")]
          .filter((e) => !e.checkVisibility({ contentVisibilityAuto: true }) || e.getBoundingClientRect().height < 1)
          .map((e) => e.parentElement.querySelector("summary").textContent);
        """
    )
    check(not hidden, page.where, "does not print", hidden)
    for kind, width in [("", PAPER), (".wide", PAPER_ON_ITS_SIDE)]:
        tables = "return [...document.querySelectorAll(`.scroll${arguments[0]} table`)].map((t) => t.offsetWidth)"
        wide = max(page.js(tables, kind or ":not(.wide)"), default=0)
        check(wide <= SHRUNK * width, page.where, "prints a table of", wide, "pixels")
    page.js("document.querySelectorAll('.wide').forEach((wide) => wide.remove())")
    page.fits(SHRUNK * PAPER)
    page.figures_are_seen()
    screenshot(page, folder, "print")
    page.open("paper", "dark", medium="")
    pdf = page.driver.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True})["data"]
    pdf = base64.b64decode(pdf)
    check(pdf.startswith(b"%PDF-") and len(pdf) > 10_000, page.where, "makes a PDF of", len(pdf))
    if folder:
        (folder / "print.pdf").write_bytes(pdf)


def is_literal(page, texts):
    """Names stay text, whatever they look like."""
    check(page.js("return window.pwned") is None, page.where, "ran a name")
    shown = page.js("return document.body.innerText + document.title")
    for text in texts:
        check(text in shown, page.where, "does not show", text)
    foreign = page.js("return document.querySelectorAll('img, iframe, object, embed').length")
    scripts = page.js("return document.scripts.length")
    check(foreign == 0 and scripts == 1, page.where, "has", foreign, "things and", scripts, "scripts")


def screenshot(page, folder, name):
    if folder:
        shot = page.driver.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": True})
        (folder / f"{name}.png").write_bytes(base64.b64decode(shot["data"]))


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("folder", type=Path, help="a results folder")
    arguments.add_argument("--figures", type=Path, metavar="DIR", help="their CSV")
    arguments.add_argument("--literally", action="append", default=[], metavar="TEXT",
                           help="a text that the page has to show as it is")
    arguments.add_argument("--screenshots", type=Path, metavar="DIR", help="keep pictures here")
    asked = arguments.parse_args()
    if not (asked.folder / "report.html").is_file():
        arguments.error(f"{asked.folder} has no report.html")
    if asked.screenshots:
        asked.screenshots.mkdir(parents=True, exist_ok=True)

    with tempfile.TemporaryDirectory() as profile:
        driver = browser(profile)
        try:
            # What the browser asks for its own first page is not ours.
            driver.get("about:blank")
            driver.get_log("browser"), driver.get_log("performance")
            page = Page(driver, asked.folder / "report.html")
            for screen, (width, _) in SCREENS.items():
                for scheme in SCHEMES:
                    page.open(screen, scheme)
                    page.fits(width)
                    page.names_are_unique()
                    page.figures_are_seen()
                    is_literal(page, asked.literally)
                    screenshot(page, asked.screenshots, f"{screen}-{scheme}")
                    figures_tell_values(page)
                    page.fits(width)
                    screenshot(page, asked.screenshots, f"{screen}-{scheme}-pointed")
                    if (screen, scheme) in [("phone", "light"), ("desk", "dark")]:
                        tables_are_sorted(page)
                    page.is_quiet()
            if asked.figures:
                figures_know_values(page, asked.figures)
            is_printed(page, asked.screenshots)
            is_whole_without_script(page)
            page.is_quiet()
        finally:
            driver.quit()
    for what in wrong:
        print(what, file=sys.stderr)
    sys.exit(f"{asked.folder}: {len(wrong)} wrong" if wrong else 0)


if __name__ == "__main__":
    main()
