"""The ring of samples between an interrupt and the application, in RAM."""

from __future__ import annotations

BUFFER_MS = 250  # what is heard during an inference waits there


def ring_bytes(sample_rate_hz: int) -> int:
    """Of the ring; one sample of it stays empty."""
    return 2 * (sample_rate_hz * BUFFER_MS // 1000 + 1)
