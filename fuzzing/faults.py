"""Runs one input and says what is wrong with what came of it."""

from __future__ import annotations

import resource
import signal
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from codegen.errors import TinySerError
from fuzzing.target import Target

_CHECKOUT = Path(__file__).resolve().parent.parent


class TooSlowError(BaseException):
    """No Exception: nothing that catches those may take it for an answer."""


class FoundError(Exception):
    """A fault that a target itself sees, in what came out; `place` is where in that."""

    def __init__(self, place: str, report: str) -> None:
        super().__init__(report)
        self.place = place


@dataclass(frozen=True, slots=True)
class Fault:
    """`kind` names what came out in place of an answer, `where` the last line of TinySER on the way to it."""

    kind: str
    where: str
    report: str

    @property
    def key(self) -> str:
        """The same for inputs that find the same fault; good as a file name."""
        return f"{self.kind}-{self.where}".replace("/", ".").replace(":", "-")


def find_fault(target: Target, content: bytes) -> Fault | None:
    """What is wrong with the way the target takes the content, or None."""
    try:
        with time_limit(target.seconds), warnings.catch_warnings():
            warnings.simplefilter("error", RuntimeWarning)  # of what became infinite
            target.run(content)
    except TinySerError as error:
        return None if str(error).strip() else _fault("EmptyMessage", error)
    except (Exception, TooSlowError) as error:
        return _fault(type(error).__name__, error)
    return None


def _fault(kind: str, error: BaseException) -> Fault:
    own = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).is_relative_to(_CHECKOUT) and "fuzzing" not in Path(frame.filename).parts
    ]
    where = "outside"
    if isinstance(error, FoundError):
        where = error.place
    elif own:
        where = f"{Path(own[-1].filename).relative_to(_CHECKOUT)}:{own[-1].lineno}"
    return Fault(kind, where, "".join(traceback.format_exception(error, limit=-40))[-20_000:])


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raises TooSlowError after so much processor time; the machine may be busy with other things."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise TooSlowError(f"more than {seconds} s")

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def limit_memory(megabytes: int) -> None:
    """From now on this process can take only so much address space on top of what it has."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + megabytes * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
