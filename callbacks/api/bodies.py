"""Read what a program sends: strict JSON, each key once, numbers kept as they were written."""

from __future__ import annotations

import codecs
import json
import re
from typing import Any

from django.http import HttpRequest
from django.utils.datastructures import MultiValueDict
from ninja.parser import Parser

from callbacks.api.problems import Problem, invalid
from callbacks.asl.jsontext import raw_member
from callbacks.asl.payload import PayloadError, check_depth, parse_exact
from callbacks.asl.payload import Problem as TextProblem

MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)
_STRING_OR_BLANK = re.compile(r'("(?:[^"\\]|\\.)*")|[ \t\r\n]+')


class StrictParser(Parser):
    """In place of django-ninja's, which lets Python's lenient parser at it."""

    def parse_body(self, request: HttpRequest) -> Any:
        """The body, with `output` not as a value but as the JSON text of it, without blanks."""
        text = _utf8(request.body)
        given = _parsed(text)
        if isinstance(given, dict) and "output" in given:
            given["output"] = compact(raw_member(text, ("output",)) or "")
        return given

    def parse_querydict(
        self, data: MultiValueDict[str, str], list_fields: list[str], request: HttpRequest
    ) -> dict[str, Any]:
        """Parameters, each once: of two values of one name, who knows which was meant?"""
        for name in data:
            if len(data.getlist(name)) > 1:
                raise invalid(name[:100], "This parameter came twice.")
        return {name: data[name] for name in data}


def check_media_type(request: HttpRequest) -> None:
    """Raise 415 for a body that is not plain JSON; nothing is unpacked."""
    if "Content-Encoding" in request.headers:
        raise _unsupported("Send the body as it is: no Content-Encoding is taken.")
    if "Transfer-Encoding" in request.headers:
        # Its end is not known to every server, and a body read as none would do another thing.
        text = "Send the whole body at once, with Content-Length: no chunks are taken."
        raise Problem(411, "length_required", text)
    if request.headers.get("Content-Length", "") in ("", "0"):
        return
    charset = (request.content_params or {}).get("charset", "utf-8").lower()
    if request.content_type != "application/json" or charset not in ("utf-8", "utf8"):
        raise _unsupported("Send application/json in UTF-8.")


def check_no_fields(request: HttpRequest) -> None:
    """Raise Problem for a body that says something to a route which takes none; {} says nothing."""
    if not request.body:
        return
    given = _parsed(_utf8(request.body))
    if not isinstance(given, dict):
        raise invalid("body", "This takes no body, or an empty object.")
    if given:
        text = "There is no such field: this takes no body."
        raise Problem(422, "invalid", text, errors={name[:100]: [text] for name in given})


def compact(text: str) -> str:
    """JSON without the blanks between its parts; strings and numbers stay as written."""
    return _STRING_OR_BLANK.sub(lambda match: match[1] or "", text)


def _utf8(body: bytes) -> str:
    if body.startswith(MARKS):
        raise _unsupported("The body begins with a byte order mark. Send UTF-8 without one.")
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise _unsupported("The body is not UTF-8.") from None


def _parsed(text: str) -> Any:
    try:
        check_depth(text)
        return parse_exact(text)
    except PayloadError as exc:
        raise _not_json(str(exc.problem)) from None
    except json.JSONDecodeError as exc:
        message = f"this is not JSON: {exc.msg}."
        raise _not_json(str(TextProblem("not_json", message, exc.lineno, exc.colno))) from None
    except ValueError as exc:
        # Said by a hook of ours, which names the key or the number.
        raise _not_json(str(exc)) from None


def _not_json(message: str) -> Problem:
    return Problem(422, "not_json", message, errors={"body": [message]})


def _unsupported(message: str) -> Problem:
    return Problem(415, "unsupported_media_type", message)
