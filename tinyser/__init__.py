"""TinySER: speech-emotion Transformers trained with HRF, as int8 C firmware for Cortex-M."""

__version__ = "0.1.0"
