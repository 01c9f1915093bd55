"""Ends an interpreter by SIGKILL before or after it renames a file of a name for the nth time.

Found on PYTHONPATH; `KILL_AT_RENAME=NAME:N:before` or `:after` says when.
"""

import os
import signal

rename = os.replace
name, count, moment = os.environ["KILL_AT_RENAME"].split(":")
seen = 0


def replace(source, target, **options):
    global seen
    seen += os.path.basename(target) == name  # noqa: PTH119 (pathlib is what this replaces)
    is_now = seen == int(count) and os.path.basename(target) == name  # noqa: PTH119
    if is_now and moment == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    rename(source, target, **options)
    if is_now:
        os.kill(os.getpid(), signal.SIGKILL)


os.replace = replace
