"""Experiments over backbones, HRF settings, folds and seeds: `tinyser.sweep.run.sweep`. Imported on use."""
