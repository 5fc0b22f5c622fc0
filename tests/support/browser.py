"""Pages in a real browser: Chromium without a screen, driven by Playwright. A test file that imports this is skipped without them."""

import shutil

import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="needs pip install -r requirements-browser.txt")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
IN_CHROMIUM = [pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium")]
PHONE = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True}
TABLET = {"viewport": {"width": 768, "height": 1024}}
WIDE = {"viewport": {"width": 1440, "height": 900}}
DARK = {"color_scheme": "dark"}
SCREENS = {"wide": WIDE, "dark wide": WIDE | DARK, "tablet": TABLET, "phone": PHONE, "dark phone": PHONE | DARK}


class Visits:
    """Opens pages on some screen, and keeps what they asked for and what they complained of.

    Args:
        browser: of Playwright.

    Attributes:
        opened: the paths of the pages with scripts, list.
        requests: of these, the addresses that were asked for, without what stands in the page itself, list.
        complaints: words on consoles, and errors, list.
    """

    def __init__(self, browser):
        self.browser, self.contexts = browser, []
        self.opened, self.requests, self.complaints = [], [], []

    def open(self, path, after="", **screen):
        """The page of a file, with what stands after its path in the address, once it is all there."""
        self.contexts.append(self.browser.new_context(**screen))
        page = self.contexts[-1].new_page()
        if screen.get("java_script_enabled", True):  # without scripts, figures are the files beside the page
            page.on("request", lambda request: self.requests.append(request.url) if request.url.startswith(("file:", "http")) else None)
            self.opened.append(f"file://{path}")
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(f"file://{path}{after}")
        page.locator("[aria-busy=true]").wait_for(state="detached")
        return page

    def end(self):
        """Close all; there must have been no request but for the pages themselves, no word on a console, and no error."""
        for context in self.contexts:
            context.close()
        assert sorted({url.split("#")[0].split("?")[0] for url in self.requests} - set(self.opened)) == self.complaints == []


def violations(page):
    """What axe finds against accessibility on a page: pairs of a rule and the first element that breaks it."""
    from axe_playwright_python.sync_playwright import Axe

    return [(found["id"], found["nodes"][0]["html"][:200]) for found in Axe().run(page).response["violations"]]


def is_as_wide_as_the_screen(page):
    """Whether nothing on the page makes it scroll sideways."""
    return page.evaluate("document.documentElement.scrollWidth <= innerWidth")
