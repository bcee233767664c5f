#!/usr/bin/env python
"""Django's command line for Holdpoint."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")
    if sys.argv[1:2] == ["up"]:
        # The supervisor runs without any set-up, so its keys must exist before settings are read.
        from dashboard.local import ensure_local_keys

        ensure_local_keys()
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
