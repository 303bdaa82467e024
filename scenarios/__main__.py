"""``python -m scenarios`` is ``straggler``."""

from scenarios.cli import main

if __name__ == "__main__":
    main()
