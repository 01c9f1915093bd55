"""Kernels with AVX2 and with AVX-512's VNNI, which the emulator compiles for many runs: every length that is left over,
both ends, ties."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from codegen.boards import load_board
from codegen.project import ProjectOptions, generate_project
from codegen.read_tflite import parse_tflite
from tests.ops import test_batch_matmul
from tests.ops.agreement import Case, truth
from tests.ops.strategies import rows_for
from tests.ops.test_vector_lengths import PLACES, ROWS, Lengths, _joined
from tinyser.emulator import host
from tinyser.emulator.build import run_tool

LENGTHS = (*range(1, 18), 31, 32, 36, 40)
FEW_LENGTHS = (3, 17, 31, 40)
RUNS = 64  # of so many on, the emulator compiles for its machine
# The same source as VNNI, with AVX-512's intrinsics in plain C: machines without AVX-512 test it, too.
PLAIN_VNNI = ("-mavx2", "-Wno-psabi", f"-isystem{Path(__file__).parent / 'plain_vnni'}")
TIERS = {
    "AVX2": ("-mavx2",),
    "VNNI in plain C": PLAIN_VNNI,
    "VNNI": ("-mavx2", "-mavx512bw", "-mavx512vl", "-mavx512vnni"),
}
# What the vectors' code must not get wrong without being noticed: which, file, what it says, what it says instead.
BREAKAGES = {
    "the last block of an odd number, forgotten": ("AVX2", "ts_avx2.h", "if (blocks > 0) {", "if (blocks > 9) {"),
    "ties towards plus infinity": (
        "AVX2",
        "ts_avx2.h",
        "_mm256_add_epi32(scaled, _mm256_srai_epi32(scaled, 31))",
        "scaled",
    ),
    "upper products, rounded down": ("AVX2", "ts_avx2.h", "INT64_C(1) << 31", "INT64_C(0)"),
    "rows in each other's place": ("AVX2", "ts_channels_avx2.h", "setr_epi32(0, 1, 4, 5", "setr_epi32(2, 3, 4, 5"),
    "inputs left out": ("AVX2", "ts_channels_avx2.h", "done += 16, wide", "done += 17, wide"),
    "the input's zero point, forgotten": (
        "AVX2",
        "ts_depthwise_conv_2d_avx2.h",
        "_mm_set1_epi32(p->input_offset)",
        "_mm_set1_epi32(0)",
    ),
    "the left matrix' zero point, forgotten": (
        "AVX2",
        "ts_batch_matmul_avx2.h",
        "_mm256_set1_epi16(p->lhs_offset)",
        "_mm256_setzero_si256()",
    ),
    "columns in each other's place": (
        "AVX2",
        "ts_batch_matmul_avx2.h",
        "_mm_unpackhi_epi64(high0, high4)",
        "_mm_unpacklo_epi64(high0, high4)",
    ),
    "rows of a matrix that are left over, forgotten": (
        "AVX2",
        "ts_batch_matmul_avx2.h",
        "for (; depth < p->depth; depth += 2)",
        "for (; depth + 1 < p->depth; depth += 2)",
    ),
    "exponentials computed again": (
        "AVX2",
        "ts_exponentials_avx2.h",
        "known[each[lane]] = ts_exponential(e, each[lane])",
        "known[each[lane]] = 1",
    ),
    "posteriors, rounded down": ("AVX2", "ts_exponentials_avx2.h", "INT32_C(1) << (exponent - 1)", "0"),
    "bytes of a patch left out": ("AVX2", "ts_avx2.h", "source + count - 8", "source + count - 9"),
    "larger weights": ("VNNI in plain C", "ts_channels_vnni.h", "-128 * ts_avx2_sum8", "-127 * ts_avx2_sum8"),
    "inputs behind whole vectors, forgotten": (
        "VNNI in plain C",
        "ts_channels_vnni.h",
        "if (i < inputs) {",
        "if (i > inputs) {",
    ),
    "ties towards plus infinity, VNNI": (
        "VNNI in plain C",
        "ts_channels_vnni.h",
        "_mm512_add_epi32(scaled, _mm512_srai_epi32(scaled, 31))",
        "scaled",
    ),
    "pairs in each other's place": (
        "VNNI in plain C",
        "ts_channels_vnni.h",
        "(2 * i < left ? i : 0)",
        "(2 * i < left ? 3 - i : 0)",
    ),
}


class DesktopLengths(Lengths):
    """What desktops have vectors for besides."""

    def of_length(self, n: int) -> None:
        super().of_length(n)
        left, row = self.given(ROWS, n, zero_point=5), self.given(ROWS, n, zero_point=-128, scale=0.125)
        deep = self.given(n, 19, zero_point=127)
        columns = self.given(n, 19, zero_point=0)
        self.computed("BATCH_MATMUL", [left, deep], ROWS, 19, scale=8.0)
        self.computed("BATCH_MATMUL", [self.given(ROWS, 19, zero_point=0), columns], ROWS, n, scale=8.0, adj_y=True)
        self.computed("BATCH_MATMUL", [left, self.given(9, n, zero_point=-3)], ROWS, 9, scale=8.0, adj_y=True)
        self.normalised("SOFTMAX", row, n)
        image = self.given(1, PLACES, PLACES, n, zero_point=-128)
        window = {"stride_h": 1, "stride_w": 1, "dilation_h_factor": 1, "dilation_w_factor": 1}
        filters = [image, self.constant(6, 3, 3, n), self.bias(6, 9 * n, 0.0625)]
        self.computed("CONV_2D", filters, 1, PLACES, PLACES, 6, **window, scale=128.0)
        # Patches whose rows are of that many bytes.
        line = self.given(1, PLACES, n + 2, 1, zero_point=7)
        filters = [line, self.constant(6, 3, n, 1), self.bias(6, 3 * n, 0.0625)]
        self.computed("CONV_2D", filters, 1, PLACES, n + 2, 6, **window, scale=128.0)

    def normalised(self, operator: str, row: int, n: int) -> None:
        """Posteriors, whose quantization TFLite prescribes."""
        self.outputs.append(self.builder.tensor(self._name(), (ROWS, n), scale=1 / 256, zero_point=-128))
        self.builder.op(operator, [row], self.outputs[-1:], beta=1.0)


@pytest.fixture(scope="module")
def native() -> str:
    """What gcc defines for this machine."""
    return run_tool(["gcc", "-march=native", "-dM", "-E", "-x", "c", "/dev/null"], Path.cwd())


@pytest.fixture
def tier_flags(native: str) -> Callable[[str], tuple[str, ...]]:
    """The compiler's flags of a tier; skips where this machine has not got it."""

    def flags(tier: str) -> tuple[str, ...]:
        for flag in TIERS[tier]:
            if flag.startswith("-m") and f"__{flag[2:].upper()}__" not in native:
                pytest.skip(f"this machine has no {flag[2:].upper()}")
        return TIERS[tier]

    return flags


def _case_and_truth(lengths: Sequence[int]) -> tuple[Case, np.ndarray]:
    made = DesktopLengths()
    for n in lengths:
        made.of_length(n)
    case = Case("lengths", made.builder.build(made.inputs, made.outputs), rows_for(made.shapes, 1))
    return case, np.stack([_joined(row) for row in truth(case)])


@pytest.fixture(scope="module")
def all_lengths(require_tool: Callable[..., None], require_module: Callable[..., None]) -> tuple[Case, np.ndarray]:
    require_tool("gcc")
    require_module("tflite_micro")
    return _case_and_truth(LENGTHS)


@pytest.fixture(scope="module")
def few_lengths(require_tool: Callable[..., None], require_module: Callable[..., None]) -> tuple[Case, np.ndarray]:
    require_tool("gcc")
    require_module("tflite_micro")
    return _case_and_truth(FEW_LENGTHS)


@pytest.fixture
def compile_with(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Has many runs compiled with these flags."""

    def compile_with(*flags: str) -> None:
        monkeypatch.setattr(host, "_FAST", flags)
        host._fast_flags.cache_clear()

    yield compile_with
    host._fast_flags.cache_clear()


@pytest.mark.parametrize("tier", TIERS)
def test_every_length(
    all_lengths: tuple[Case, np.ndarray],
    tier: str,
    tier_flags: Callable[[str], tuple[str, ...]],
    compile_with: Callable[..., None],
    tmp_path: Path,
) -> None:
    compile_with("-O3", *tier_flags(tier))
    case, expected = all_lengths
    outputs = _outputs(case, tmp_path)
    np.testing.assert_array_equal(outputs, np.resize(expected, outputs.shape))


@pytest.mark.parametrize("tier", TIERS)
def test_nothing_beyond_is_read_or_written(
    all_lengths: tuple[Case, np.ndarray],
    tier: str,
    tier_flags: Callable[[str], tuple[str, ...]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(host, "SANITIZE", (*host.SANITIZE, *tier_flags(tier)))
    case, expected = all_lengths
    outputs = _outputs(case, tmp_path, sanitize=True)
    np.testing.assert_array_equal(outputs, np.resize(expected, outputs.shape))


def test_products_that_are_not_small(
    tier_flags: Callable[[str], tuple[str, ...]], compile_with: Callable[..., None], tmp_path: Path
) -> None:
    """For them there are no vectors, however many columns there are."""
    compile_with("-O3", *tier_flags("AVX2"))
    case = test_batch_matmul.BatchMatMul(depth=1, columns=16, spread=0.002).case()
    expected = np.stack([_joined(row) for row in truth(case)])
    outputs = _outputs(case, tmp_path)
    np.testing.assert_array_equal(outputs, np.resize(expected, outputs.shape))


@pytest.mark.parametrize("breakage", BREAKAGES.values(), ids=BREAKAGES.keys())
def test_broken_vectors_are_found(
    few_lengths: tuple[Case, np.ndarray],
    breakage: tuple[str, str, str, str],
    tier_flags: Callable[[str], tuple[str, ...]],
    compile_with: Callable[..., None],
    tmp_path: Path,
) -> None:
    tier, *change = breakage
    compile_with("-O1", *tier_flags(tier))
    case, expected = few_lengths
    outputs = _outputs(case, tmp_path, change)
    assert (outputs != np.resize(expected, outputs.shape)).any()


def _outputs(case: Case, folder: Path, breakage: Sequence[str] | None = None, *, sanitize: bool = False) -> np.ndarray:
    project = generate_project(parse_tflite(case.model), ProjectOptions(board=load_board("host")), folder / "project")
    if breakage is not None:
        file, said, instead = breakage
        path = project.folder / "model" / "kernels" / file
        text = path.read_text()
        assert said in text, "nothing to break"
        path.write_text(text.replace(said, instead))
    rows = np.stack([_joined(row) for row in case.rows])
    return host.run(project.folder, np.resize(rows, (RUNS, rows.shape[1])), sanitize=sanitize).outputs
