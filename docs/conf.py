"""The documentation as a site: `make docs`. What is generated comes from `pages`, beside this."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

project = "straggler"
author = "The straggler authors"
copyright = "The straggler authors"

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "pages.build"]
exclude_patterns = ["generated/*"]

myst_enable_extensions = ["attrs_inline", "colon_fence", "dollarmath", "deflist"]
myst_heading_anchors = 3
nb_execution_mode = "off"
html_math_renderer = "mathml"

autodoc_typehints = "none"
autodoc_member_order = "bysource"
napoleon_use_ivar = True
add_module_names = False

html_theme = "furo"
html_title = "straggler"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_search_summary = False  # it would be fetched, which a page from a file may not
html_copy_source = False
