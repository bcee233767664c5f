"""The text that a search looks through: made once when a task is written, asked in lower case."""

from collections.abc import Iterable, Sequence


def search_text(*, names: Iterable[str], key_fields: Iterable[Sequence[str]]) -> str:
    """Headline, names and key fields of a task, each on a line, without case."""
    texts = [*names, *(text for pair in key_fields for text in pair)]
    return "\n".join(text.casefold() for text in texts if text)


def search_words(text: str) -> list[str]:
    """The words of a search as `search_text` has them."""
    return text.replace("\0", " ").casefold().split()
