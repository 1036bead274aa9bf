"""The site is built of all pages, without a warning, and needs nobody else's machine."""

import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from penholder_daemon.generate.__main__ import ROOT
from tests.helpers.docs.blocks import PAGES
from tests.tidy.source import require_none

_TIMEOUT_S = 120
_LOADED = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src"}
_IN_STYLES = re.compile(r"(?:url\(|@import)\s*[\"']?\s*(?:https?:)?//[^)\"'\s]*")
_FOREIGN = re.compile(r"(?:https?:)?//")


def _build(sources: Path, site: Path, *more: str) -> "subprocess.CompletedProcess[str]":
    """Build as `make docs` does; what is kept from a build is kept elsewhere."""
    command = [sys.executable, "-m", "sphinx", "-c", str(ROOT / "website"), "-q", "-W"]
    return subprocess.run(
        [*command, "--keep-going", "-j", "1", "-d", str(site.with_name("doctrees")), *more,
         str(sources), str(site)],
        capture_output=True, text=True, check=False, timeout=_TIMEOUT_S, cwd=ROOT,
    )  # fmt: skip


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the site, built once."""
    built = tmp_path_factory.mktemp("docs") / "site"
    done = _build(ROOT, built)
    assert done.returncode == 0, done.stderr
    return built


def test_every_page_is_on_it(site: Path) -> None:
    missing = [page for page in PAGES if not _on(site, page).is_file()]
    require_none(str(page.relative_to(ROOT)) for page in missing)
    assert 'url=README.html"' in (site / "index.html").read_text("utf-8")
    for part in ("docs/grafana/penholder.json", "docs/plots/appends.svg"):
        assert list(site.rglob(Path(part).name)), part


def _on(site: Path, page: Path) -> Path:
    return (site / page.relative_to(ROOT)).with_suffix(".html")


def test_every_page_is_reached_from_every_other(site: Path) -> None:
    """The navigation has them all."""
    links = set(re.findall(r'href="([^"#]+)', (site / "README.html").read_text("utf-8")))
    require_none(
        str(page.relative_to(ROOT))
        for page in PAGES
        if page.name != "README.md" or page.parent != ROOT
        if str(page.relative_to(ROOT).with_suffix(".html")) not in links
    )


class _Loads(HTMLParser):
    """What a browser fetches to show a page."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if named.get("rel") != "canonical":
            self.addresses.append(named.get(_LOADED.get(tag, ""), "") or "")


def _foreign(path: Path) -> Iterator[str]:
    text = path.read_text("utf-8")
    if path.suffix == ".html":
        page = _Loads()
        page.feed(text)
        yield from (f"{path.name}: {each}" for each in page.addresses if _FOREIGN.match(each))
    yield from (f"{path.name}: {each}" for each in _IN_STYLES.findall(text))


def test_it_loads_nothing_from_elsewhere(site: Path) -> None:
    files = [path for path in site.rglob("*") if path.suffix in {".html", ".css"}]
    require_none(each for path in files for each in _foreign(path))


def test_a_load_from_elsewhere_is_noticed(tmp_path: Path) -> None:
    page = tmp_path / "a.html"
    page.write_text(
        '<a href="https://a"></a><script src="//b"></script><link href="http://c">'
        "<style>@import 'https://d'; a { b: url(//e) } </style><img src='x.svg'>"
    )
    assert len(list(_foreign(page))) == 4


def test_what_leads_nowhere_is_an_error(tmp_path: Path) -> None:
    pages = tmp_path / "sources"
    (pages / "website").mkdir(parents=True)
    (pages / "docs").mkdir()
    (pages / "website/contents.md").write_text("# A\n\n```{toctree}\n../docs/b\n```\n")
    (pages / "docs/b.md").write_text(
        "# B\n\n[good](#b) [no page](c.md) [no anchor](#nothing) [no file](../d.py)\n"
    )
    (pages / "docs/lost.md").write_text("# In no list\n")
    done = _build(pages, tmp_path / "site", "-D", "html_additional_pages.index=first.html")
    assert done.returncode != 0
    told = [line for line in done.stderr.splitlines() if "WARNING" in line]
    for each in ("c.md", "'nothing'", "d.py", "lost.md"):
        assert sum(each in line for line in told) == 1, (each, told)
    assert len(told) == 4, told
