"""One run in several processes, with Lightning Fabric's DDP strategy.

Every rank draws the same batches and trains on its share of the rows; DDP averages the gradients. Rank 0 alone
judges epochs and writes files, and tells the others what follows from it.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from typing import TypeVar

import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins.environments import TorchElasticEnvironment
from lightning_fabric.utilities.exceptions import MisconfigurationException

from codegen.errors import TinySerError
from tinyser.training.settings import TrainSettings

T = TypeVar("T")


def connect(settings: TrainSettings) -> Fabric:
    """A Fabric that knows its rank; no process is started yet. Under torchrun it is as large as torchrun says.

    Raises TinySerError for devices that this machine does not have, or not as torchrun has them.
    """
    devices, nodes = settings.devices, 1
    if TorchElasticEnvironment.detect():
        devices, nodes = int(os.environ["LOCAL_WORLD_SIZE"]), int(os.environ["GROUP_WORLD_SIZE"])
        if settings.devices not in (1, devices):
            got = f"got {settings.devices}, but torchrun started {devices} processes on this machine"
            raise TinySerError(f"training: devices: {got}; leave it out")
    try:
        return Fabric(accelerator=settings.device, devices=devices, num_nodes=nodes)
    except (RuntimeError, ValueError, MisconfigurationException) as error:
        raise TinySerError(
            f"training: device: got {devices} of {settings.device} ({error}); choose what this machine has"
        ) from error


def launch(fabric: Fabric, prepare: Callable[[], T]) -> T:
    """Starts or joins the other processes; what `prepare()` gives on this rank.

    Rank 0 prepares first, alone: what is wrong is said once and with nobody waiting, and the others find its caches.
    """
    prepared = prepare() if fabric.is_global_zero else None
    threads = torch.get_num_threads()
    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)
    fabric.launch()
    torch.set_num_threads(threads)  # Fabric has dealt out all cores
    return prepare() if prepared is None else prepared


def share(fabric: Fabric) -> slice:
    """The rows of a batch that are this rank's; of a batch with fewer rows than ranks some have none."""
    return slice(fabric.global_rank, None, fabric.world_size)
