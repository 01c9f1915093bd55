"""Hears sound that comes through a pipe on the desktop, for as long as it comes: states while they change, bounded
memory."""

from __future__ import annotations

import json
import os
import struct
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from codegen.errors import DataError
from tinyser.emulator import host
from tinyser.emulator.build import find_tool, refuse_interpreter
from tinyser.emulator.child import follow_child
from tinyser.emulator.emulation import StreamState
from tinyser.emulator.project_folder import Project

_WHERE = "standard input"
_STDIN = 0
_PCM, _EXTENSIBLE = 1, 0xFFFE
_LONGEST_HEADER_CHUNK = 1 << 16
# A program that cannot know how long it will record writes a size near the largest, or 0.
_ENDLESS_BYTES = 0x7FFF0000


@dataclass(frozen=True, slots=True)
class Head:
    """What was read of a pipe to know its kind: the samples among it, and bytes of samples in all where stated."""

    samples: bytes
    limit: int | None


def hear(project: Project, *, sanitize: bool = False, compiler: str | None = None) -> Iterator[StreamState]:
    """States of a stream, where they change, of the sound on standard input: mono PCM of 16 bits at the features' rate,
    little-endian, raw or as a WAV file.

    Raises DataError for a terminal, another kind of WAV, no samples, or half a sample at the end; ToolError as
    `host.stream`.
    """
    spec = project.need_features()
    refuse_interpreter(project)
    if os.isatty(_STDIN):
        raise DataError(
            f"--input -: {_WHERE} is a terminal, allowed is a pipe of PCM samples; e.g. 'arecord -q -f S16_LE -r "
            f"{spec.sample_rate_hz} -c 1 -t raw | tinyser emulate {project.folder.name} --on host --stream --input -'"
        )
    compiler = find_tool(compiler or host.find_compiler())
    with tempfile.TemporaryDirectory(prefix="tinyser-pipe-") as scratch:
        folder = Path(scratch)
        library = host.build_library(project, project.portable_sources, folder, compiler, sanitize)
        head = read_head(_STDIN, spec.sample_rate_hz)
        (folder / "head").write_bytes(head.samples)
        plan = {"mode": "pipe", "chunks": [spec.hop_length], "limit": head.limit, **host.tensor_sizes(project)}
        (folder / "plan.json").write_text(json.dumps(plan))
        files = [str(folder / "plan.json"), str(folder / "head"), os.devnull]
        command = [sys.executable, "-I", str(host.host_child.__file__), str(library), *files]
        environment = host.sanitizer_environment(compiler) if sanitize else {}
        for line in follow_child(command, f"{project.folder}: generated code on the host", environment):
            answer = json.loads(line)
            if isinstance(answer, dict):
                _check_end(answer["bytes"])
            else:
                samples, windows, silent, decision, smoothed = answer
                yield StreamState(samples, windows, silent, decision, None if smoothed is None else tuple(smoothed))


def _check_end(heard: int) -> None:
    if heard == 0:
        raise DataError(f"{_WHERE}: ended before the first sample; give PCM of 16 bits, raw or as a WAV file")
    if heard % 2:
        raise DataError(
            f"{_WHERE}: ended after {heard} bytes, within a sample, allowed is a multiple of 2; give PCM of 16 bits"
        )


def read_head(source: int, sample_rate_hz: int) -> Head:
    """Reads the header of a WAV file from a descriptor, up to its first sample, or four bytes of raw samples.

    Raises DataError for a WAV that is not mono PCM of 16 bits at this rate, or that ends within its header.
    """
    start = _read(source, 4)
    if start != b"RIFF":
        return Head(start, None)
    riff = _read(source, 8)
    if riff[4:] != b"WAVE":
        raise DataError(f"{_WHERE}: got a RIFF file that is no WAV; give PCM of 16 bits, raw or as a WAV file")
    has_format = False
    while True:
        chunk = _read(source, 8)
        if len(chunk) < 8:
            raise DataError(f"{_WHERE}: the WAV ends within its header; give one that is whole")
        name, size = struct.unpack("<4sI", chunk)
        if name == b"data" and has_format:
            return Head(b"", None if size == 0 or size >= _ENDLESS_BYTES else size)
        if name == b"data" or size > _LONGEST_HEADER_CHUNK:
            raise DataError(f"{_WHERE}: the WAV's header is damaged; give raw samples, or the file with --input")
        content = _read(source, size + size % 2)
        if name == b"fmt ":
            _check_format(content, sample_rate_hz)
            has_format = True


def _check_format(content: bytes, sample_rate_hz: int) -> None:
    if len(content) < 16:
        raise DataError(f"{_WHERE}: the WAV ends within its header; give one that is whole")
    kind, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", content)
    if kind == _EXTENSIBLE and len(content) >= 26:
        (kind,) = struct.unpack_from("<H", content, 24)
    if (kind, channels, rate, bits) != (_PCM, 1, sample_rate_hz, 16):
        raise DataError(
            f"{_WHERE}: got a WAV of format {kind}, {channels} channels, {rate} Hz, {bits} bits, allowed is format 1 "
            f"(PCM), 1 channel, {sample_rate_hz} Hz, 16 bits; convert it on the way, or give the file with --input"
        )


def _read(source: int, size: int) -> bytes:
    """Fewer bytes at the end of the pipe alone, and never more: what follows is another process's."""
    content = b""
    while len(content) < size and (part := os.read(source, size - len(content))):
        content += part
    return content
