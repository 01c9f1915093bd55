"""Speech synthesis with espeak-ng through ctypes, in a child process: its crash is only a message.

The child is this module run as a program: it reads one JSON request per line and writes each as a wav file.
Constants are those of espeak-ng's `speak_lib.h`.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import subprocess
import sys
import wave
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from codegen.errors import ToolError
from tinyser.processes import child

_AUDIO_OUTPUT_SYNCHRONOUS = 2
_INITIALIZE_DONT_EXIT = 0x8000
_CHARACTERS_UTF8 = 1
_PARAMETERS = {"rate": 1, "volume": 2, "pitch": 3, "range": 4}
_POSITION_CHARACTER = 1


@dataclass(frozen=True, slots=True)
class Request:
    """One utterance: pitch and range 0..100 (50: the voice's own), rate in words a minute, volume 0..200."""

    path: str
    voice: str
    text: str
    pitch: int
    range: int
    rate: int
    volume: int


def speak(requests: Sequence[Request]) -> Iterator[str]:
    """Writes each request to its path, mono PCM16 wav at the library's rate; yields each path when done.

    Raises ToolError when espeak-ng is not installed or fails.
    """
    program = [sys.executable, "-m", "tinyser.corpora.espeak"]
    text = "".join(json.dumps(asdict(request)) + "\n" for request in requests)
    pipe = subprocess.PIPE
    with child(program, stdin=pipe, stdout=pipe, stderr=pipe) as speaker:
        assert speaker.stdin and speaker.stdout and speaker.stderr
        try:
            speaker.stdin.write(text)
            speaker.stdin.close()
        except BrokenPipeError:
            pass
        done = 0
        for line in speaker.stdout:
            done += 1
            yield line.rstrip("\n")
        reason = speaker.stderr.read().strip().splitlines()
        if speaker.wait() != 0 or done != len(requests):
            last = reason[-1] if reason else f"exit status {speaker.returncode}"
            no_room = os.strerror(errno.ENOSPC) in last
            advice = "make room" if no_room else "run: pip install --force-reinstall espeakng-loader"
            raise ToolError(f"espeak-ng: stopped after {done} of {len(requests)} utterances ({last}); {advice}")


class _Synthesiser:
    """The library, set up once per process."""

    def __init__(self) -> None:
        import espeakng_loader

        self._library = ctypes.CDLL(espeakng_loader.get_library_path())
        data = espeakng_loader.get_data_path().encode()
        initialise = self._library.espeak_Initialize
        self.rate_hz = int(initialise(_AUDIO_OUTPUT_SYNCHRONOUS, 0, data, _INITIALIZE_DONT_EXIT))
        if self.rate_hz <= 0:
            raise ToolError(f"espeak-ng: cannot start with the data in {data.decode()}")
        self._chunks: list[bytes] = []
        callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)
        # Kept as an attribute: the library holds no reference that Python sees.
        self._callback = callback(self._receive)
        self._library.espeak_SetSynthCallback(self._callback)

    def _receive(self, samples: ctypes._Pointer[ctypes.c_short], count: int, events: int | None) -> int:
        if samples and count > 0:
            self._chunks.append(ctypes.string_at(samples, 2 * count))
        return 0

    def pcm(self, request: Request) -> bytes:
        """PCM16 samples, little endian as the machine's."""
        if self._library.espeak_SetVoiceByName(request.voice.encode()) != 0:
            raise RuntimeError(f"no voice {request.voice!r}")
        for name, number in _PARAMETERS.items():
            self._library.espeak_SetParameter(number, getattr(request, name), 0)
        self._chunks.clear()
        text = request.text.encode() + b"\0"
        size = ctypes.c_size_t(len(text))
        status = self._library.espeak_Synth(
            text, size, ctypes.c_uint(0), _POSITION_CHARACTER, ctypes.c_uint(0), _CHARACTERS_UTF8, None, None
        )
        self._library.espeak_Synchronize()
        if status != 0 or not self._chunks:
            raise RuntimeError(f"no speech for {request.text!r} (status {status})")
        return b"".join(self._chunks)


def _child() -> None:
    synthesiser = _Synthesiser()
    for line in sys.stdin:
        request = Request(**json.loads(line))
        pcm = synthesiser.pcm(request)
        with wave.open(request.path, "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(synthesiser.rate_hz)
            file.writeframes(pcm)
        print(request.path, flush=True)


if __name__ == "__main__":
    _child()
