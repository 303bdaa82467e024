"""``python -m scenarios`` is ``straggler``."""

from scenarios.cli.app import main

if __name__ == "__main__":
    main()
