"""How a page looks before its script runs: pictures as SVG."""
