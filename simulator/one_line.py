"""What an exception says, in one line."""

LONGEST = 200
"""Letters of what somebody else's exception says."""


def one_line(error: BaseException) -> str:
    """Return an exception's kind and the first line of its text; the kind alone if it has none."""
    said = str(error).strip().partition("\n")[0].strip()
    if len(said) > LONGEST:
        said = f"{said[:LONGEST]}..."
    return f"{type(error).__name__}: {said}" if said else type(error).__name__
