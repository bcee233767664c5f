"""When two names look alike to people."""

import unicodedata


def looks(name: str) -> str:
    """What people see of a name: no case, no width, no kind of space."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())
