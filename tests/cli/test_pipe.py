"""`tinyser emulate --on host --stream --input -`: sound through a pipe, decisions as they come."""

from __future__ import annotations

import json
import os
import signal
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from codegen.stream_spec import StreamSpec
from tests.cli.test_generate_emulate import noise, tinyser
from tests.cli.test_generate_emulate_errors import refuses
from tests.projects import LABELS, write_sums_project
from tinyser.emulator import host

STREAM = StreamSpec(stride_frames=5, gate_dbfs=-40, gate_seconds=0.1)
ARGUMENTS = ("--on", "host", "--stream", "--input", "-")
SOUND = np.concatenate([noise(12000), np.zeros(9000), noise(4077)]).astype("<i2")


@contextmanager
def piped(content: bytes) -> Iterator[None]:
    """Standard input is a pipe with this content."""
    reader = subprocess.Popen(
        [sys.executable, "-c", "import sys; sys.stdout.buffer.write(sys.stdin.buffer.read())"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert reader.stdin and reader.stdout
    reader.stdin.write(content)
    reader.stdin.close()
    before = os.dup(0)
    os.dup2(reader.stdout.fileno(), 0)
    reader.stdout.close()
    try:
        yield
    finally:
        os.dup2(before, 0)
        os.close(before)
        reader.wait()


@pytest.fixture
def project(tmp_path: Path, require_tool: Callable[..., None]) -> Path:
    require_tool("gcc")
    return write_sums_project(tmp_path / "project", "host", stream=STREAM)


def wav(data_bytes: int | None = None, **fields: int) -> bytes:
    """SOUND as a WAV with a chunk before its samples and one after them; `data_bytes`: the size that it states."""
    form = {"kind": 1, "channels": 1, "rate": 16000, "bits": 16, **fields}
    kind, channels, rate, bits = form.values()
    layout = struct.pack("<HHIIHH", kind, channels, rate, 2 * rate, 2, bits)
    size = SOUND.nbytes if data_bytes is None else data_bytes
    head = b"WAVEfmt " + struct.pack("<I", 16) + layout + b"LIST" + struct.pack("<I", 3) + b"abc\0"
    content = head + b"data" + struct.pack("<I", size) + SOUND.tobytes()
    behind = b"LIST" + struct.pack("<I", 4000) + bytes(range(250)) * 16 if data_bytes is None else b""
    return b"RIFF" + struct.pack("<I", min(len(content + behind), 0xFFFFFFFF)) + content + behind


@pytest.mark.parametrize("sanitize", [False, True])
@pytest.mark.parametrize(
    "content",
    [SOUND.tobytes(), wav(), wav(data_bytes=0), wav(data_bytes=0xFFFFFFFF)],
    ids=["raw", "wav", "wav without a size", "endless wav"],
)
def test_the_same_as_a_recording(
    content: bytes, sanitize: bool, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with piped(content):
        assert tinyser("emulate", project, *ARGUMENTS, "--json", *(["--sanitize"] if sanitize else [])) == 0
    output = capsys.readouterr()
    rows = [json.loads(line) for line in output.out.splitlines()]
    recording = host.stream(project, SOUND)
    expected = [state.to_json(recording.labels, 16000) for state in recording.states]
    for row in expected:
        row["posteriors"] = row["posteriors"] and dict(zip(LABELS, row["posteriors"], strict=True))
    assert rows == expected and output.err == ""
    assert {row["decision"] for row in rows} > {None, "silence"}


def test_lines_as_a_board_prints_them(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with piped(SOUND.tobytes()):
        assert tinyser("emulate", project, *ARGUMENTS) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("0.070 s: undecided (anger 0.") and lines[0].endswith(")")
    assert any(line.endswith(" s: silence") for line in lines)


BAD_PIPES = {
    "nothing": (b"", r"standard input: ended before the first sample; give PCM of 16 bits"),
    "a byte": (b"x", r"standard input: ended after 1 bytes, within a sample"),
    "half a kind": (b"RIFF\0", r"got a RIFF file that is no WAV"),
    "half a header": (wav()[:30], r"the WAV ends within its header"),
    "no samples": (wav()[:40], r"the WAV ends within its header"),
    "no format": (b"RIFF\0\0\0\0WAVEdata\x10\0\0\0" + bytes(16), r"the WAV's header is damaged"),
    "a chunk of everything": (b"RIFF\0\0\0\0WAVELIST\xff\xff\xff\xff", r"the WAV's header is damaged"),
    "stereo": (wav(channels=2), r"got a WAV of format 1, 2 channels, 16000 Hz, 16 bits, allowed is format 1 \(PCM\)"),
    "another rate": (wav(rate=44100), r"got a WAV of format 1, 1 channels, 44100 Hz"),
    "floats": (wav(kind=3, bits=32), r"got a WAV of format 3, 1 channels, 16000 Hz, 32 bits"),
}


@pytest.mark.parametrize("name", BAD_PIPES)
def test_bad_pipes(name: str, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content, message = BAD_PIPES[name]
    with piped(content):
        refuses(capsys, message, "emulate", project, *ARGUMENTS)


def test_half_a_sample_at_the_end(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What was heard before it is printed."""
    with piped(SOUND.tobytes()[:-1]):
        assert tinyser("emulate", project, *ARGUMENTS) == 2
    output = capsys.readouterr()
    assert output.out.count("\n") == len(host.stream(project, SOUND[:-1]).states)
    assert "ended after 50153 bytes, within a sample" in output.err and output.err.count("\n") == 1


def test_a_terminal_is_no_pipe(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    parent, terminal = os.openpty()
    before = os.dup(0)
    os.dup2(terminal, 0)
    try:
        message = "--input -: standard input is a terminal, allowed is a pipe .*arecord -q -f"
        refuses(capsys, message, "emulate", project, *ARGUMENTS)
    finally:
        os.dup2(before, 0)
        for descriptor in (before, parent, terminal):
            os.close(descriptor)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--on", "qemu", "--stream"), r"--input -: got with --on qemu, allowed is with --on host --stream"),
        (("--on", "host"), r"--input -: got with no --stream, allowed is with --on host --stream"),
        (("--on", "host", "--stream", "--keep-state"), r"--keep-state: got with --input -"),
        (("--on", "host", "--stream", "--output", "y.npy"), r"--output: got with --input -, a pipe that need not end"),
    ],
)
def test_what_a_pipe_is_not_for(
    arguments: tuple[str, ...], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    refuses(capsys, message, "emulate", write_sums_project(tmp_path / "project"), *arguments, "--input", "-")


def test_a_model_without_features(bench_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert tinyser("generate", bench_dir / "micro_speech.tflite", "-o", tmp_path / "p", "--board", "host") == 0
    capsys.readouterr()
    refuses(capsys, "has no audio features", "emulate", tmp_path / "p", *ARGUMENTS)


def test_as_it_comes_until_it_is_stopped(project: Path) -> None:
    """A line is there while the pipe is open; an interrupt ends the command and its child, and nothing is left."""
    scratch = project.parent / "scratch"
    scratch.mkdir()
    running = subprocess.Popen(
        [sys.executable, "-m", "tinyser", "emulate", project, *ARGUMENTS],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(scratch)},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a script's background ignores it
    )  # fmt: skip
    assert running.stdin and running.stdout and running.stderr
    running.stdin.write(SOUND[:2000].tobytes())
    running.stdin.flush()
    assert running.stdout.readline().startswith(b"0.070 s: undecided")
    (child,) = Path(f"/proc/{running.pid}/task/{running.pid}/children").read_text().split()
    running.send_signal(signal.SIGINT)
    _, complaints = running.communicate(timeout=30)
    assert running.returncode == 130 and complaints.decode().strip() == "tinyser: stopped"
    assert not list(scratch.iterdir())
    assert not Path(f"/proc/{child}").exists()
