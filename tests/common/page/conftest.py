"""A browser for all tests of pages, started once, and the page of the explorer alone."""

import pytest


@pytest.fixture(scope="session")
def browser():
    from tests.support.browser import CHROMIUM, playwright

    with playwright.sync_playwright() as engine:
        browser = engine.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-background-networking"])
        yield browser
        browser.close()


@pytest.fixture
def visits(browser):
    """`Visits` of the browser, which ask for nothing but the pages themselves, and complain of nothing."""
    from tests.support.browser import Visits

    visits = Visits(browser)
    yield visits
    visits.end()


@pytest.fixture(scope="session")
def history():
    """That of the page of the explorer."""
    from tests.support.explorer import made_up

    return made_up()


@pytest.fixture(scope="session")
def explorer(tmp_path_factory, history):
    """The page of the explorer, a path."""
    from tests.support.explorer import write_page

    return write_page(tmp_path_factory.mktemp("explorer"), history)
