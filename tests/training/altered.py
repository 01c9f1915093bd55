"""The `tinyser` command without dropout, so that the number of processes changes nothing but roundings.

STOP_AFTER in the environment: Ctrl-C comes on torchrun's rank 0 once so many epochs are done.
"""

from __future__ import annotations

import os

from torch import Tensor, nn

from tinyser.cli import main
from tinyser.training.loop import Trainer

if __name__ == "__main__":
    whole = Trainer._train_one_pass

    def unchanged(dropout: nn.Dropout, x: Tensor) -> Tensor:
        return x

    def one_pass(trainer: Trainer) -> float:
        if str(trainer.at.epoch) == os.environ.get("STOP_AFTER") and os.environ["RANK"] == "0":
            raise KeyboardInterrupt
        return whole(trainer)

    nn.Dropout.forward = unchanged  # type: ignore[method-assign]
    Trainer._train_one_pass = one_pass  # type: ignore[method-assign]
    main()
