"""The report page in a browser: at the widths of a phone, a tablet and a desk, in light, dark and print.

Screenshots lie in `target/page`.
"""

import re
from dataclasses import dataclass

import pytest
from axe_playwright_python.sync_playwright import Axe

from conftest import COMPANIES, SHOTS

WIDTHS = (360, 768, 1280)
LIGHTS = ("light", "dark", "print")
MOST_BYTES = 300_000


@dataclass
class Shown:
    page: object
    # What the page did that it should not.
    faults: list


@pytest.fixture
def show(browser):
    opened = []

    def show(file, width, light, **options):
        context = browser.new_context(
            viewport={"width": width, "height": 800}, color_scheme="dark" if light == "dark" else "light", **options
        )
        opened.append(context)
        faults = []

        def route(route):
            url = route.request.url
            if url.startswith("file://") and url == file.as_uri():
                route.continue_()
            else:
                faults.append(f"asked for {url}")
                route.abort()

        context.route("**/*", route)
        page = context.new_page()
        page.on("console", lambda message: faults.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: faults.append(f"error: {error}"))
        page.on("request", lambda request: request.url.startswith(("file:", "data:")) or faults.append(f"asked for {request.url}"))
        if light == "print":
            page.emulate_media(media="print")
        page.goto(file.as_uri())
        return Shown(page, faults)

    yield show
    for context in opened:
        context.close()


@pytest.mark.parametrize("light", LIGHTS)
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("company", COMPANIES)
def test_it_is_quiet_and_fits(pages, show, company, width, light):
    shown = show(pages[company], width, light)
    assert shown.page.evaluate("document.documentElement.scrollWidth") <= width, "it scrolls sideways"
    shown.page.screenshot(path=SHOTS / f"{company}-{width}-{light}.png", full_page=True)
    assert shown.faults == []


@pytest.mark.parametrize(("width", "light"), [(360, "light"), (768, "dark"), (1280, "light"), (1280, "dark")])
@pytest.mark.parametrize("company", COMPANIES)
def test_everybody_can_use_it(pages, show, company, width, light):
    # The page lets no script in, so that the one that looks is let in from outside.
    shown = show(pages[company], width, light, bypass_csp=True)
    found = Axe().run(shown.page, options={"resultTypes": ["violations"]})
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("company", COMPANIES)
def test_it_prints(pages, show, company):
    pages_of_paper = show(pages[company], 768, "print").page.pdf(format="A4")
    (SHOTS / f"{company}.pdf").write_bytes(pages_of_paper)
    count = len(re.findall(rb"/Type\s*/Page\b", pages_of_paper))
    assert 1 <= count <= (30 if company == "no-currency" else 12)


def test_it_is_read_without_script(pages, show):
    page = show(pages["group"], 768, "light", java_script_enabled=False).page
    assert page.locator("h1").inner_text() and page.locator("table").count() > 8
    page.locator("summary").first.click()
    assert page.locator("details table").first.is_visible()
    assert "<script" not in pages["group"].read_text("utf-8")


def test_a_printed_page_has_the_figures_of_the_chart(pages, show):
    page = show(pages["group"], 768, "print").page
    assert page.locator("details table").first.is_visible()


@pytest.mark.parametrize("company", COMPANIES)
def test_it_is_small(pages, company):
    assert pages[company].stat().st_size < MOST_BYTES


def test_it_is_in_order(pages, show):
    titles = show(pages["group"], 768, "light").page.locator("h2, h3").all_inner_texts()
    expected = ["Month by month", "Categories", "Suppliers", "Companies", "Dimensions", "Many small suppliers", "Terms of payment"]
    first = [title for title in titles if title in expected]
    assert first[: len(expected)] == expected
    assert titles[-1] == "Columns that are missing"
