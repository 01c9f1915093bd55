"""What a user allows quantization and C to cost: a check that goes beyond it fails, as CI wants it."""

from __future__ import annotations

from dataclasses import dataclass

from codegen.errors import DataError
from tinyser.check.report import Report


@dataclass(frozen=True, slots=True)
class Limits:
    """`max_drop`: points of unweighted average recall that a stage may lose against the first; `min_agreement`: percent
    of clips that it has to decide as the first does. None allows anything."""

    max_drop: float | None = None
    min_agreement: float | None = None

    def need_truth(self, known: bool) -> None:
        """Raises DataError where a drop is limited and no true classes are known."""
        if self.max_drop is not None and not known:
            raise DataError(
                "check: --max-drop limits the loss of recall, but the true classes are not known; give --labels-npy, "
                "or limit --min-agreement"
            )

    def broken(self, report: Report) -> tuple[str, ...]:
        """One sentence for each stage that goes beyond a limit; stages that got a sample of the clips do not count."""
        found = []
        for stage in report.stages[1:]:
            first = report.stages[0]
            pair = report.pair(first.name, stage.name)
            if pair is None or pair.clips < first.clips:
                continue
            drop = None if pair.change is None else -100 * pair.change.uar
            if self.max_drop is not None and drop is not None and drop > self.max_drop + 1e-9:
                found.append(
                    f"{stage.title} loses {drop:.2f} points of UAR against {first.title}, allowed are {self.max_drop:g}"
                )
            agreement = 100 * pair.decision_agreement
            if self.min_agreement is not None and agreement < self.min_agreement - 1e-9:
                found.append(
                    f"{stage.title} decides {agreement:.2f} % of the clips as {first.title}, "
                    f"needed are {self.min_agreement:g} %"
                )
        return tuple(found)


NO_LIMITS = Limits()
