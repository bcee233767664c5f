"""Why AWS gave a person no answer to what their page asked it."""

from __future__ import annotations

from django.utils.translation import gettext as _

from callbacks.stepfunctions import StepFunctionsError, Throttled
from callbacks.sync.trouble import describe_trouble


def asking_problem(error: StepFunctionsError) -> str:
    if isinstance(error, Throttled):
        # Perhaps AWS said so, perhaps our own share of its quota.
        return _("The share of calls to AWS is used up (%(operation)s). Try again soon.") % {
            "operation": error.operation
        }
    if error.code == "UnknownOperationException":
        return _("This endpoint does not know %(operation)s, as emulators of AWS do not.") % {
            "operation": error.operation
        }
    return describe_trouble(error).message
