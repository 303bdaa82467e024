"""What the site of the documentation shows beside its pages; :mod:`pages.build` writes it."""
