"""What was measured of HRF against its own baseline, as docs/results-hrf.md shows it."""
