"""The smallest change that lets an answer pass: to wrap it in what the state takes out again."""

from __future__ import annotations

from json import dumps

from callbacks.asl.dataflow import Visit
from callbacks.asl.definition import Definition
from callbacks.asl.forecast import Verdict, forecast_success
from callbacks.asl.language.paths import NAME, parse_path
from callbacks.asl.language.values import CannotPredict
from callbacks.asl.payload import PayloadError, check_output, parse_exact

_FIELDS = ("OutputPath", "ResultSelector")


def mended(*, definition: Definition, visit: Visit, output_text: str) -> str | None:
    """The text wrapped along the path that found nothing, indented; None where it helps nobody.

    What was typed stays as it was written, but for its indentation. Only what then is not fatal
    any more is offered.
    """
    try:
        result = check_output(output_text)
    except PayloadError:
        return None
    found = forecast_success(definition=definition, visit=visit, result=result)
    failure = found.failure
    if found.verdict != Verdict.FATAL or failure is None or failure.state != visit.state.name:
        return None
    names = _names(failure.path) if failure.field in _FIELDS else ()
    if not names:
        return None
    wrapped = _wrapped(output_text.strip(), names)
    after = forecast_success(definition=definition, visit=visit, result=parse_exact(wrapped))
    return wrapped if after.verdict in (Verdict.OK, Verdict.WARNING) else None


def _names(path: str) -> tuple[str, ...]:
    """Of a path that is names alone, below the data itself."""
    try:
        parsed = parse_path(path)
    except CannotPredict:
        return ()
    is_of_names = parsed.root is None and all(kind == NAME for kind, _ in parsed.steps)
    return tuple(name for _, name in parsed.steps) if is_of_names else ()


def _wrapped(text: str, names: tuple[str, ...]) -> str:
    for name in reversed(names):
        inner = text.replace("\n", "\n  ")
        text = f"{{\n  {dumps(name, ensure_ascii=False)}: {inner}\n}}"
    return text
