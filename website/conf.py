"""How the docs become a site: `make docs` writes it to build/site.

Pages are written to be read in the repository, too, so the whole repository is where they are
looked for, and a link is a path to a file there: to another page, or to a file that the site hands
out. A page that website/contents.md does not name is an error.
The site loads nothing from elsewhere, and can be read from the disk.
"""

from penholder_protocol import __version__

project = "Penholder"
copyright = "the authors of Penholder"  # noqa: A001 - the name is Sphinx's
release = __version__

extensions = ["myst_parser"]
root_doc = "website/contents"
include_patterns = [
    "website/contents.md",
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "docs/**.md",
    "systemd/README.md",
    "clients/typescript/README.md",
]
exclude_patterns = ["**/node_modules", "build", ".venv", ".git"]
nitpicky = True

myst_heading_anchors = 4
"""As many levels get an anchor, made of the words as everybody does who shows such pages."""

html_theme = "furo"
html_title = "Penholder"
templates_path = ["templates"]
html_additional_pages = {"index": "first.html"}
html_copy_source = False
html_show_sourcelink = False
html_permalinks = True
