"""Configuration of the documentation site; ``make docs`` builds it."""

import os
import sys
from importlib import import_module
from pathlib import Path

from pygments.lexers import TextLexer
from sphinx.application import Sphinx

DOCS = Path(__file__).resolve().parent
PATHS = [str(DOCS.parent / "scripts"), str(DOCS / "_ext")]
sys.path[:0] = PATHS
# The kernels that run the code of the pages start in the folders of the pages.
os.environ["PYTHONPATH"] = PATHS[0]
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# They read no settings of the user, and do not warn that they listen on this machine.
PROFILE = DOCS / "build" / "ipython" / "profile_default"
PROFILE.mkdir(parents=True, exist_ok=True)
EXTRA = DOCS / "build" / "extra"  # the example report
EXTRA.mkdir(exist_ok=True)
(PROFILE / "ipython_kernel_config.py").write_text("get_config().IPKernelApp.log_level = 40\n")
os.environ["IPYTHONDIR"] = str(PROFILE.parent)

project = "rlrecovery"
author = "The rlrecovery authors"
version = release = import_module("rlrecovery").__version__
extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "numpydoc",
    "sphinx_copybutton",
    "sphinx_design",
    "commands",
    "generated_pages",
    "mathml",
    "page_order",
    "studies",
]
exclude_patterns = ["build", "_ext", "studies", "gallery/figures"]
default_role = "code"
nitpicky = False  # types of other packages have no pages here
autodoc_typehints = "none"  # numpydoc shows the types of the docstrings
numpydoc_show_class_members = False

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
myst_links_external_new_tab = False
nb_execution_mode = "inline"  # with the values of `eval` roles
nb_eval_name_regex = ".+"
nb_execution_raise_on_error = False  # a warning, with the traceback, fails the build
nb_execution_show_tb = True
nb_execution_timeout = 300
nb_code_prompt_show = "Show the code"
nb_code_prompt_hide = "Hide the code"
nb_merge_streams = True
nb_ipywidgets_js = {}  # nothing is loaded from other hosts

html_theme = "pydata_sphinx_theme"
html_title = "rlrecovery"
html_math_renderer = "mathml"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_extra_path = [str(EXTRA)]
html_copy_source = html_show_sourcelink = False
html_show_sphinx = False
html_theme_options = {
    "navbar_end": ["theme-switcher"],
    "navbar_persistent": [],
    "navbar_align": "left",
    "header_links_before_dropdown": 6,
    "footer_start": ["copyright"],
    "footer_end": [],
    "secondary_sidebar_items": ["page-toc"],
    "show_prev_next": True,
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
html_sidebars = {"index": [], "faq": [], "comparison": [], "limitations": []}
copybutton_exclude = ".linenos, .gp, .go"


def setup(app: Sphinx) -> None:
    """Show the import order of `architecture.md`, which a test reads, as plain text."""
    app.add_lexer("import-order", TextLexer)
