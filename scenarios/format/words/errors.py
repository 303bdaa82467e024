"""What a user is told when something cannot be done."""


class BadInputError(Exception):
    """A mistake in what the user gave; every line names the place and what would be accepted."""

    def __init__(self, *lines: str) -> None:
        super().__init__(*lines)
        self.lines = lines

    def __str__(self) -> str:
        return "\n".join(self.lines)
