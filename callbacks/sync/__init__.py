"""Mirror what AWS has: passes list and read, a pure plan decides, one transaction writes."""

from callbacks.sync.figures import PassFigures
from callbacks.sync.opened import read_execution
from callbacks.sync.passes import PassUnderWay, run_pass

__all__ = ["PassFigures", "PassUnderWay", "read_execution", "run_pass"]
