"""Records what torchaudio computes: `python -m tests.features.record_torchaudio` writes torchaudio.npz anew.

A recording, because torchaudio's wheels need the CUDA libraries of their own build. Its version is in the file.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

RECORDED = Path(__file__).with_name("torchaudio.npz")
RATE, WINDOW, HOP, FFT, MELS, LOW, HIGH = 16000, 400, 160, 512, 40, 20.0, 8000.0
PRE_EMPHASIS = 0.97


def mel_spectrogram(samples: torch.Tensor, scale: str, norm: str | None) -> np.ndarray:
    """(frames, mels). torchaudio centres the window in the FFT: shifted by half the difference, its frames are ours."""
    from torchaudio.transforms import MelSpectrogram

    transform = MelSpectrogram(
        RATE, n_fft=FFT, win_length=WINDOW, hop_length=HOP, f_min=LOW, f_max=HIGH, n_mels=MELS, power=2.0,
        center=False, mel_scale=scale, norm=norm,
    )  # fmt: skip
    shift = (FFT - WINDOW) // 2
    return transform.double()(torch.nn.functional.pad(samples, (shift, shift))).T.numpy()


def kaldi_log_power(samples: torch.Tensor, pre_emphasis: float, remove_dc: bool) -> np.ndarray:
    """(frames, FFT / 2 + 1), the first bin Kaldi's log energy.

    Kaldi's Hann window is symmetric: of one sample more than ours it has ours and a 0. As the sample more, each
    frame gets its own mean, which changes no mean.
    """
    from torchaudio.compliance.kaldi import spectrogram

    frames = samples.unfold(0, WINDOW, HOP)
    longer = torch.cat([frames, frames.mean(dim=1, keepdim=True)], dim=1)
    rows = [
        spectrogram(
            frame.unsqueeze(0), frame_length=1000 * (WINDOW + 1) / RATE, frame_shift=10.0, sample_frequency=RATE,
            window_type="hanning", preemphasis_coefficient=pre_emphasis, remove_dc_offset=remove_dc,
        )
        for frame in longer
    ]  # fmt: skip
    return torch.cat(rows).numpy()


def main() -> None:
    """Noise with an offset, of which DC removal makes a difference."""
    import torchaudio

    samples = (np.random.default_rng(0).normal(900, 3000, 1600)).astype(np.int16)
    scaled = torch.from_numpy(samples / 32768.0)
    np.savez(
        RECORDED,
        version=np.array(torchaudio.__version__),
        samples=samples,
        mel_htk=mel_spectrogram(scaled, "htk", None),
        mel_slaney=mel_spectrogram(scaled, "slaney", "slaney"),
        kaldi_emphasis=kaldi_log_power(scaled, PRE_EMPHASIS, False),
        kaldi_dc=kaldi_log_power(scaled, 0.0, True),
        kaldi_both=kaldi_log_power(scaled, PRE_EMPHASIS, True),
    )


if __name__ == "__main__":
    main()
