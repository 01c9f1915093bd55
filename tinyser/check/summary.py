"""What a report says, in sentences: for the head of the page and the end of the terminal's table."""

from __future__ import annotations

from tinyser.check.report import PairReport, Report, StageReport

_LUCK = 0.05  # a p value from which on a change is taken for luck
_NAMED = 3  # of the coarsest layers
_TIMED = ("tflite", "tflm", "c_host")
_LEAST_SHARE = 0.01  # of the error of roundings, to be named


def summarise(report: Report) -> tuple[str, ...]:
    """The last stage that heard everything against the first: decisions, recall, and the bytes of the int8 stages."""
    whole = [stage for stage in report.stages if stage.clips == report.clips]
    sentences = []
    if len(whole) > 1:
        first, last = whole[0], whole[-1]
        pair = report.pair(first.name, last.name)
        assert pair is not None
        sentences.append(_decisions(report, first, last, pair))
        sentences += _recall(first, last, pair)
    return (
        *sentences,
        *_bytes(report),
        *_speed(report),
        *_layers(report),
        *_remedies(report),
        *(f"Beyond the limits: {failure}." for failure in report.failures),
    )


def _decisions(report: Report, first: StageReport, last: StageReport, pair: PairReport) -> str:
    equal = round(pair.decision_agreement * pair.clips)
    if equal == pair.clips:
        return f"{last.title} decides all {pair.clips} clips as {first.title} does."
    where = _where(report)
    return (
        f"{last.title} decides {equal} of {pair.clips} clips ({100 * pair.decision_agreement:.1f} %) as {first.title} "
        f"does; decisions flip first in {where}."
    )


def _where(report: Report) -> str:
    """`TFLite reference (8 clips), C from raw audio (1 clip)`."""
    counts = {stage.title: sum(flip.stage == stage.name for flip in report.flips) for stage in report.stages}
    return ", ".join(f"{title} ({_clips(count)})" for title, count in counts.items() if count)


def _clips(count: int) -> str:
    return "1 clip" if count == 1 else f"{count} clips"


def _recall(first: StageReport, last: StageReport, pair: PairReport) -> list[str]:
    change = pair.change
    if first.scores is None or last.scores is None or change is None:
        return []
    if not change.lost and not change.gained and change.uar == 0:
        return [f"Its unweighted average recall is the same, {100 * last.scores.uar:.1f} %."]
    if change.mcnemar_p >= _LUCK:
        verdict = "no more than luck"
    else:
        verdict = "a loss" if change.lost > change.gained else "a gain"
    return [
        f"Its unweighted average recall is {100 * last.scores.uar:.1f} % instead of {100 * first.scores.uar:.1f} %: "
        f"{100 * change.uar:+.1f} points ({100 * change.interval.low:+.1f} to {100 * change.interval.high:+.1f}), "
        f"{_clips(change.lost)} lost and {change.gained} gained (McNemar's p = {change.mcnemar_p:.2g}), {verdict}."
    ]


def _bytes(report: Report) -> list[str]:
    """Equal bytes are said once; every pair that differs is named."""
    compared = [pair for pair in report.pairs if pair.bytes_equal is not None]
    titles = {stage.name: stage.title for stage in report.stages}
    different = [pair for pair in compared if not pair.bytes_equal]
    if compared and not different:
        names = [title for name, title in titles.items() if any(name in (pair.a, pair.b) for pair in compared)]
        return [f"{', '.join(names[:-1])} and {names[-1]} give the same bytes in every window."]
    return [
        f"{titles[pair.a]} and {titles[pair.b]} differ in {(pair.windows or 0) - (pair.windows_equal or 0)} of "
        f"{pair.windows} windows."
        for pair in different
    ]


def _speed(report: Report) -> list[str]:
    """Windows a second of the stages in integers, the fastest first."""
    timed = [
        (stage.per_second, stage.title)
        for stage in report.stages
        if stage.per_second is not None and stage.name in _TIMED
    ]
    if len(timed) < 2:
        return []
    words = [f"{title} {speed:,.0f}" for speed, title in sorted(timed, reverse=True)]
    cores = report.environment["cores"]
    all_of_them = f"; generated C has all {cores} cores at once" if cores != "1" else ""
    return [f"Windows in a second of one core: {', '.join(words)}{all_of_them}."]


def _layers(report: Report) -> list[str]:
    if report.layers is None or not report.layers.layers:
        return []
    last = report.layers.layers[-1]
    coarsest = [
        f"{layer.operator} {layer.index} ({layer.own_sqnr_db:.1f} dB)" for layer in report.layers.coarsest(_NAMED)
    ]
    return [f"The output has an SQNR of {last.sqnr_db:.1f} dB; the coarsest scales are those of {', '.join(coarsest)}."]


def points(mean_square: float) -> str:
    """The root of a mean square error of posteriors, in points: `0.82` for 6.7e-5."""
    return f"{100 * mean_square**0.5:.2f}"


def _remedies(report: Report) -> list[str]:
    """The costliest roundings, and what helps most of what was tried."""
    remedies = report.remedies
    if remedies is None or remedies.costs[0].share == 0:
        return []
    names = ", ".join(
        f"{'the input' if cost.index < 0 else f'{cost.operator} {cost.index}'} ({100 * cost.share:.0f} %)"
        for cost in remedies.costs[:_NAMED]
        if cost.share >= _LEAST_SHARE
    )
    best = remedies.best
    helps = (
        "nothing that was tried lowers it."
        if best is None
        else f"of what was tried, {best.what} helps most: {points(best.posterior_mse)} points instead of "
        f"{points(remedies.simulated.posterior_mse)} in a simulation."
    )
    return [
        f"Rounding gives the posteriors an error of {points(remedies.int8.posterior_mse)} points (root mean square), "
        f"most of it from {names}; {helps}"
    ]
