"""Training on a corpus: `tinyser.training.run.train`. Imported on use, since it imports torch."""
