"""The comparison itself, on stages whose answers are known."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from codegen.errors import DataError, ToolError
from tinyser.check.compare import Candidate, compare
from tinyser.check.limits import Limits
from tinyser.check.material import Material
from tinyser.check.page import render, write_page
from tinyser.check.report import Report
from tinyser.check.summary import summarise
from tinyser.runtimes import Answer
from tinyser.runtimes.runtime import Floats

LABELS = ("calm", "<b>glad</b>", "sad")
# Six clips of one window; the windows hold the true class.
TRUTH = np.array([0, 0, 1, 1, 2, 2])
MATERIAL = Material(
    "known & given", LABELS, TRUTH.astype(np.float32).reshape(-1, 1), np.arange(6), TRUTH, tuple([Path("x")] * 6)
)


class Known:
    """Decides as told; as int8 when `integers`, with `offset` added to the first byte of the last window."""

    def __init__(self, name: str, decisions: Sequence[int], integers: bool = False, offset: int = 0) -> None:
        self.name, self.title = name, f"stage {name}"
        self.arithmetic = "int8" if integers else "float32"
        self._decisions, self._integers, self._offset = np.array(decisions), integers, offset

    def run(self, windows: Floats) -> Answer:
        chosen = np.eye(len(LABELS), dtype=np.float32)[self._decisions[: len(windows)]]
        if not self._integers:
            return Answer(chosen, logits=10 * chosen)
        integers = (100 * chosen).astype(np.int8)
        integers[-1, 0] += self._offset
        return Answer(chosen, integers=integers)


class KnownAudio:
    """Hears class 0 in every recording."""

    name, title, arithmetic = "audio", "from audio", "int8"

    def classify(self, recordings: Sequence[Path]) -> Floats:
        return np.tile(np.float32([1, 0, 0]), (len(recordings), 1))


def candidates(*stages: Known | KnownAudio) -> list[Candidate]:
    return [Candidate(stage.name, lambda stage=stage: stage) for stage in stages]


@pytest.fixture
def report() -> Report:
    stages = (
        Known("float", [0, 0, 1, 1, 2, 1]),
        Known("a", [0, 0, 1, 1, 2, 2], integers=True),
        Known("b", [0, 0, 1, 1, 2, 2], integers=True, offset=1),
        KnownAudio(),
    )
    return compare(candidates(*stages), MATERIAL)


def test_scores(report: Report) -> None:
    scores = report.stages[0].scores
    assert scores is not None
    assert scores.wa == pytest.approx(5 / 6) and scores.uar == pytest.approx((1 + 1 + 0.5) / 3)
    assert scores.confusion == [[2, 0, 0], [0, 2, 0], [0, 1, 1]]
    assert scores.recall == {"calm": 1.0, "<b>glad</b>": 1.0, "sad": 0.5}
    assert report.stages[0].decisions == (0, 0, 1, 1, 2, 1)


def test_pairs(report: Report) -> None:
    pair = report.pair("a", "float")
    assert pair is not None
    assert pair.decision_agreement == pytest.approx(5 / 6) and pair.max_posterior_difference == 1
    assert pair.bytes_equal is None and pair.max_logit_difference is None
    heard = report.pair("audio", "a")
    assert heard is not None and heard.decision_agreement == pytest.approx(2 / 6) and heard.bytes_equal is None


def test_one_differing_byte_is_seen(report: Report) -> None:
    pair = report.pair("a", "b")
    assert pair is not None
    assert (pair.bytes_equal, pair.windows_equal, pair.windows) == (False, 5, 6)
    same = compare(candidates(Known("a", TRUTH, True), Known("b", TRUTH, True)), MATERIAL).pair("a", "b")
    assert same is not None and (same.bytes_equal, same.windows_equal) == (True, 6)


def test_logits_of_two_float_stages() -> None:
    pair = compare(candidates(Known("p", [0] * 6), Known("q", [0, 0, 0, 0, 0, 1])), MATERIAL).pair("p", "q")
    assert pair is not None and pair.max_logit_difference == 10


def test_a_sample_is_compared_on_its_own_clips() -> None:
    stages = [*candidates(Known("all", TRUTH)), Candidate("few", lambda: Known("few", [0, 2]), 2)]
    found = compare(stages, MATERIAL)
    assert found.stages[1].clips == 2
    pair = found.pair("all", "few")
    assert pair is not None and (pair.clips, pair.decision_agreement) == (2, 1.0)


def test_flips_name_the_first_stage_that_decides_otherwise() -> None:
    stages = (Known("p", [0, 0, 1, 1, 2, 2]), Known("q", [0, 0, 1, 2, 2, 2]), Known("r", [1, 0, 1, 2, 2, 2]))
    found = compare(candidates(*stages), MATERIAL).flips
    assert [(f.clip, f.stage, f.before, f.after, f.truth) for f in found] == [(0, "r", 0, 1, 0), (3, "q", 1, 2, 1)]
    assert all(flip.reference == "p" and flip.margin == 1 and flip.name == "x" for flip in found)


def test_a_change_is_counted_from_the_first_stage_to_the_second(report: Report) -> None:
    pair = report.pair("float", "a")
    assert pair is not None and pair.change is not None
    assert (pair.change.lost, pair.change.gained) == (0, 1) and pair.change.uar == pytest.approx(1 / 6)


def test_summary_says_what_flips_where_and_whether_it_is_luck(report: Report) -> None:
    assert summarise(report) == (
        "from audio decides 2 of 6 clips (33.3 %) as stage float does; decisions flip first in stage a (1 clip), "
        "from audio (3 clips).",
        "Its unweighted average recall is 33.3 % instead of 83.3 %: -50.0 points (-83.3 to -16.7), 3 clips lost and 0 "
        "gained (McNemar's p = 0.25), no more than luck.",
        "stage a and stage b differ in 1 of 6 windows.",
    )
    many = Material(
        "x", LABELS, np.tile(TRUTH, 10).astype(np.float32).reshape(-1, 1), np.arange(60), np.tile(TRUTH, 10)
    )
    lossy = compare(candidates(Known("p", np.tile(TRUTH, 10)), Known("q", [0] * 60)), many)
    assert summarise(lossy)[1].endswith("40 clips lost and 0 gained (McNemar's p = 1.8e-12), a loss.")
    same = compare(candidates(Known("p", TRUTH), Known("q", TRUTH)), MATERIAL)
    assert summarise(same)[0] == "stage q decides all 6 clips as stage p does."
    assert summarise(compare([], MATERIAL)) == ()


def test_limits(report: Report) -> None:
    assert Limits().broken(report) == ()
    assert Limits(max_drop=50, min_agreement=33).broken(report) == ()
    assert Limits(max_drop=49.9).broken(report) == (
        "from audio loses 50.00 points of UAR against stage float, allowed are 49.9",
    )
    assert Limits(min_agreement=83).broken(report) == (
        "from audio decides 33.33 % of the clips as stage float, needed are 83 %",
    )
    sample = [*candidates(Known("all", TRUTH)), Candidate("few", lambda: Known("few", [1, 0]), 2)]
    assert Limits(max_drop=0, min_agreement=100).broken(compare(sample, MATERIAL)) == ()


def test_a_limited_drop_needs_true_classes() -> None:
    Limits(max_drop=1).need_truth(True)
    Limits(min_agreement=99).need_truth(False)
    with pytest.raises(DataError, match="--max-drop limits the loss of recall.*give --labels-npy"):
        Limits(max_drop=1).need_truth(False)


def test_a_failing_stage_is_listed_and_the_rest_goes_on() -> None:
    def fail() -> Known:
        raise ToolError("m: tool:\n broke")

    found = compare([Candidate("bad", fail), *candidates(Known("good", TRUTH))], MATERIAL)
    assert [stage.name for stage in found.stages] == ["good"]
    assert [(s.name, s.reason) for s in found.skipped] == [("bad", "m: tool: broke")]


def test_json_is_complete_and_standard(report: Report, tmp_path: Path) -> None:
    report.save(tmp_path / "report.json")
    content = json.loads((tmp_path / "report.json").read_text(), parse_constant=pytest.fail)
    assert content["version"] == 1 and content["labels"] == list(LABELS)
    assert set(content) == {
        *("version", "tinyser", "source", "labels", "clips", "windows"),
        *("files", "stages", "pairs", "flips", "skipped", "notes", "failures", "layers", "remedies"),
        *("firmware", "environment"),
    }
    documented = (Path(__file__).parents[2] / "docs" / "report.md").read_text()
    stage, pair = content["stages"][0], content["pairs"][0]
    parts = (content, stage, stage["scores"], stage["intervals"]["uar"], pair, pair["change"], content["flips"][0])
    for key in {key for part in parts for key in part}:
        assert f"`{key}`" in documented, f"docs/report.md does not say what {key} is"


class Page(HTMLParser):
    """Tags that are open, and whatever would be fetched."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.outside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("meta", "br", "img"):
            self.open.append(tag)
        named = ((name, value or "") for name, value in attrs if name in ("src", "href", "srcset", "data"))
        self.outside += [f"{name}={value}" for name, value in named if not value.startswith("data:")]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes another element"


def test_page_is_well_formed_escaped_and_offline(report: Report, tmp_path: Path) -> None:
    write_page(report, tmp_path / "report.html", "<svg/>", {5: b"fLaC"})
    text = (tmp_path / "report.html").read_text()
    page = Page()
    page.feed(text)
    assert page.open == [] and page.outside == []
    assert "url(" not in text and "<script" not in text and "@import" not in text
    assert "<b>glad</b>" not in text and "&lt;b&gt;glad&lt;/b&gt;" in text
    assert "known &amp; given" in text and "1 of 6 windows differ" in text
    assert "prefers-color-scheme: dark" in text


def test_speed_is_told_where_it_was_measured() -> None:
    stages = (Known("pt", TRUTH), Known("tflm", TRUTH, True), Known("c_host", TRUTH, True), KnownAudio())
    few = compare(candidates(*stages), MATERIAL)
    speeds = zip(few.stages, (900.0, 75.4, 1432.6, None), strict=True)
    many = replace(
        few, stages=tuple(replace(stage, per_second=speed) for stage, speed in speeds), environment={"cores": "2"}
    )
    assert "one core: stage c_host 1,433, stage tflm 75; generated C has all 2 cores" in " ".join(summarise(many))
    text = render(many)
    assert "A second" in text and "<td>1,433</td>" in text and "<td>900</td>" in text
    assert "A second" not in render(few) and "of one core" not in " ".join(summarise(few))


def test_page_without_truth_or_stages() -> None:
    unknown = Material("x", LABELS, MATERIAL.windows, MATERIAL.clip_of_window, None)
    assert "Confusion" not in render(compare(candidates(Known("a", TRUTH)), unknown))
    assert "no tool" in render(compare([Candidate("bad", _no_tool)], unknown))


def _no_tool() -> Known:
    raise ToolError("no tool")
