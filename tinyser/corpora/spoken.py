"""A corpus made on the spot: espeak-ng voices acting four emotions.

It exists so that the whole pipeline runs without a download. It is no substitute for human speech: every
emotion is a shift of pitch, range, rate, spectral tilt and level with random spread, so that classes
overlap as they do in real corpora, and recordings differ in room noise. Everything random follows from the
seed.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codegen.atomic import new_folder
from codegen.errors import DataError, ToolError
from tinyser.corpora.corpus import Corpus, Utterance, speaker_folds
from tinyser.corpora.espeak import Request, speak

NAME = "spoken"
LICENCE = "made by espeak-ng on your machine; free to use"
HOW_TO_GET = "nothing to do: it is made on the spot"

# Speaker -> voice. Male and female in turn: folds are dealt round robin in an odd number of groups, so that
# each part has both. None with breath (f2, f3, f5 ...): espeak-ng makes its noise from memory that it never set, so
# the same words would sound otherwise each time.
VOICES = {
    "v01": "en-us+m1",
    "v02": "en+f1",
    "v03": "en-us+m3",
    "v04": "en-us+Andrea",
    "v05": "de+m4",
    "v06": "en-gb-x-rp+Annie",
    "v07": "en-gb-scotland+m6",
    "v08": "en-us+f4",
    "v09": "en-029+m2",
    "v10": "nl+belinda",
    "v11": "en-us+m7",
    "v12": "en+linda",
    "v13": "en-us+m5",
    "v14": "sv+steph",
    "v15": "en-us-nyc+m8",
    "v16": "en-gb-x-gbcwmd+f1",
}

SENTENCES = (
    "The parcel came while we were out",
    "She left the window open again",
    "They are moving to the coast in spring",
    "I told him about it yesterday morning",
    "There is another train at half past nine",
    "You put the keys in my coat",
    "We will see what the doctor says",
    "My brother wants to sell the car",
)


@dataclass(frozen=True, slots=True)
class Prosody:
    """Mean and spread of one emotion: pitch, range (0..100), rate (words a minute), tilt and level (dB)."""

    pitch: tuple[float, float]
    range: tuple[float, float]
    rate: tuple[float, float]
    tilt_db: tuple[float, float]
    level_db: tuple[float, float]


# Directions follow what is known of acted speech: anger is loud, fast and bright, joy high and lively,
# sadness low, flat, slow, soft and dull. The spreads are wide enough for classes to overlap.
EMOTIONS = {
    "angry": Prosody(pitch=(58, 6), range=(70, 10), rate=(196, 12), tilt_db=(4.0, 1.2), level_db=(-14, 2)),
    "happy": Prosody(pitch=(76, 6), range=(86, 8), rate=(188, 12), tilt_db=(1.5, 1.2), level_db=(-17, 2)),
    "neutral": Prosody(pitch=(48, 5), range=(32, 9), rate=(166, 10), tilt_db=(-0.5, 1.2), level_db=(-20, 2)),
    "sad": Prosody(pitch=(36, 5), range=(18, 8), rate=(136, 10), tilt_db=(-3.0, 1.2), level_db=(-24, 2)),
}

_FOLDS = 5
_NOISE_DB = (-62.0, 5.0)
_LIMITS = {"pitch": (0, 99), "range": (0, 99), "rate": (80, 400)}
# Bumped when the recipe changes in a way that the tables above do not show.
_RECIPE = 1


@dataclass(frozen=True, slots=True)
class SpokenSettings:
    """How much to make: the first `voices` of VOICES, each saying each of `sentences` in each emotion."""

    voices: int = 16
    sentences: int = 8
    seed: int = 0

    def __post_init__(self) -> None:
        for name, allowed in (("voices", (3, len(VOICES))), ("sentences", (1, len(SENTENCES)))):
            value = getattr(self, name)
            if not allowed[0] <= value <= allowed[1]:
                raise DataError(f"spoken corpus: {name}: got {value}, allowed is {allowed[0]}..{allowed[1]}; change it")


def load(data: Path | None, seed: int) -> Corpus:
    """The corpus in `data` (default: the user's cache), made there first if need be."""
    if data is None:
        from tinyser.features.cache import cache_folder

        data = cache_folder() / f"spoken-{_RECIPE}-{seed}"
    return make(data, SpokenSettings(seed=seed))


def make(folder: Path, settings: SpokenSettings) -> Corpus:
    """Makes the corpus in `folder` unless it is there. Raises DataError when `folder` holds another one."""
    description = _description(settings)
    if (folder / "corpus.json").is_file():
        if json.loads((folder / "corpus.json").read_text(encoding="utf-8")) != description:
            raise DataError(f"{folder}: holds a spoken corpus made otherwise; choose another folder or remove it")
    else:
        with new_folder(folder) as partial:
            _speak_all(partial, settings)
            (partial / "corpus.json").write_text(json.dumps(description, indent=1) + "\n", encoding="utf-8")
    utterances = tuple(_utterance(folder, name) for name, *_ in _plan(settings))
    speakers = list(VOICES)[: settings.voices]
    folds = speaker_folds(speakers, min(_FOLDS, len(speakers)))
    return Corpus(NAME, tuple(sorted(EMOTIONS)), LICENCE, HOW_TO_GET, utterances, folds)


def _description(settings: SpokenSettings) -> dict[str, Any]:
    emotions = {label: asdict(prosody) for label, prosody in EMOTIONS.items()}
    content = {"recipe": _RECIPE, **asdict(settings), "emotions": emotions}
    described: dict[str, Any] = json.loads(json.dumps(content))
    return described


def _plan(settings: SpokenSettings) -> list[tuple[str, str, str, str]]:
    """(name, voice, sentence, emotion) of every utterance."""
    return [
        (f"{speaker}_{emotion}_{number:02d}", VOICES[speaker], sentence, emotion)
        for speaker in list(VOICES)[: settings.voices]
        for emotion in EMOTIONS
        for number, sentence in enumerate(SENTENCES[: settings.sentences])
    ]


def _utterance(folder: Path, name: str) -> Utterance:
    speaker, emotion, _ = name.split("_")
    return Utterance(path=folder / "wav" / f"{name}.wav", label=emotion, speaker=speaker, id=name)


def _speak_all(folder: Path, settings: SpokenSettings) -> None:
    try:
        import soundfile
        from rich.progress import track
    except ImportError as error:
        raise ToolError("soundfile is not installed; run: pip install 'tinyser[train]'") from error
    from tinyser.features.audio import SAMPLE_RATE_HZ, resample, to_pcm16

    random = np.random.default_rng(settings.seed)
    (folder / "wav").mkdir()
    plan = _plan(settings)
    requests = [_request(folder, name, voice, text, emotion, random) for name, voice, text, emotion in plan]
    spoken = track(speak(requests), description="speaking the corpus", total=len(requests), transient=True)
    for path, (_, _, _, emotion) in zip(spoken, plan, strict=True):
        samples, rate = soundfile.read(path, dtype="float32")
        recorded = _record(resample(samples, rate), EMOTIONS[emotion], random)
        soundfile.write(path, to_pcm16(recorded), SAMPLE_RATE_HZ, subtype="PCM_16")


def _request(folder: Path, name: str, voice: str, text: str, emotion: str, random: np.random.Generator) -> Request:
    drawn = {}
    for parameter, (low, high) in _LIMITS.items():
        mean, spread = getattr(EMOTIONS[emotion], parameter)
        drawn[parameter] = int(np.clip(round(random.normal(mean, spread)), low, high))
    return Request(path=str(folder / "wav" / f"{name}.wav"), voice=voice, text=text, volume=100, **drawn)


def _record(samples: NDArray[np.float32], prosody: Prosody, random: np.random.Generator) -> NDArray[np.float64]:
    """Voice effort (a tilt of the spectrum), level, and a room's noise; (samples,) at 16 kHz."""
    tilt_db, level_db = random.normal(*prosody.tilt_db), random.normal(*prosody.level_db)
    noise_db = random.normal(*_NOISE_DB)
    spectrum = np.fft.rfft(samples)
    hz = np.fft.rfftfreq(len(samples), 1 / 16000)
    octaves = np.log2(np.maximum(hz, 100.0) / 1000.0)
    voiced = np.fft.irfft(spectrum * 10 ** (tilt_db * octaves / 20), n=len(samples))
    voiced *= 10 ** (level_db / 20) / max(float(np.sqrt(np.mean(voiced**2))), 1e-9)
    noisy = voiced + random.normal(0.0, 10 ** (noise_db / 20), len(voiced))
    # A microphone's amplifier clips; keep the loudest just below that.
    peak = float(np.abs(noisy).max())
    return np.asarray(noisy * min(1.0, 0.99 / peak))
