"""Sizes of sliding windows, the same for convolutions and pools."""

from __future__ import annotations


def window_output_size(size: int, kernel: int, stride: int, dilation: int, padding: str) -> int:
    """Output length of a window of `kernel` taps, `dilation` apart, moving by `stride` over `size` elements."""
    if padding == "SAME":
        return -(-size // stride)
    return (size - (kernel - 1) * dilation - 1) // stride + 1


def fits(size: int, kernel: int, dilation: int, padding: str) -> bool:
    """Whether there is at least one position of the window."""
    return padding == "SAME" or size >= (kernel - 1) * dilation + 1
