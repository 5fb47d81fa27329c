"""Reading YAML: plain data or a message with a place; nothing that a hostile or careless file can break."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from shiftlens import PipelineSpec, SpecError
from shiftlens.specs.yaml import parse_model, read_yaml

Written = Callable[[str | bytes], Path]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    def write(content: str | bytes) -> Path:
        path = tmp_path / "spec.yaml"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


def test_plain_data_is_read(written: Written) -> None:
    text = "a: [1, 2.5, true, null, 現場]\nb: &x {c: d}\ne: *x\nf: {<<: *x, g: 1}\nday: 2024-01-02\n"
    assert read_yaml(written(text)) == {
        "a": [1, 2.5, True, None, "現場"], "b": {"c": "d"}, "e": {"c": "d"}, "f": {"c": "d", "g": 1}, "day": "2024-01-02",
    }  # fmt: skip
    assert read_yaml(written("")) == {}
    assert read_yaml(written("# nothing\n")) == {}
    assert read_yaml(written(b"\xef\xbb\xbfa: 1\n")) == {"a": 1}


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ("a: 1\nb: 2\na: 3\n", ":3", "'a' stands twice"),
        ("a:\n  b: 1\n  b: 2\n", ":3", "'b' stands twice"),
        ("a: 1\n  b: 2\n", ":2", "mapping values"),
        ("a: [1\nb: 2\n", ":2", ""),
        ("a: !!python/object/apply:os.system [id]\n", ":1", "could not determine a constructor"),
        ("a: !!binary aGk=\n", ":1", "could not determine a constructor"),
        ("a: {? [1] : 2}\n", ":1", "not text"),
        ("on: 1\n", ":1", "not text"),
        ("- 1\n- 2\n", ":1", "expected keys and values"),
        ("just words\n", ":1", "expected keys and values"),
        ("a: 1\n---\nb: 2\n", ":2", ""),
        ("a: *nobody\n", ":1", "undefined alias"),
        ("a: &a [*a]\n", ":1", "an alias holds itself"),
        ("a: [" + "[" * 5000 + "]" * 5001 + "\n", "", "nested too deeply"),
    ],
)
def test_what_does_not_hold_is_said_with_its_line(written: Written, text: str, place: str, said: str) -> None:
    path = written(text)
    with pytest.raises(SpecError) as error:
        read_yaml(path)
    assert f"{path}{place}" in error.value.message
    assert said in error.value.message


def test_a_bomb_of_aliases_is_refused(written: Written) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 30)]
    with pytest.raises(SpecError, match="aliases"):
        read_yaml(written("\n".join(lines)))


def test_a_huge_file_is_refused(written: Written) -> None:
    with pytest.raises(SpecError, match="over 1024 KiB"):
        read_yaml(written("a: 1\n" + "#" * 1024 * 1024))


@pytest.mark.parametrize("content", [b"a: \xff\xfe\n", b"a: \x00\n", b"a: '\x07'\n"])
def test_what_is_not_text_is_refused(written: Written, content: bytes) -> None:
    with pytest.raises(SpecError):
        read_yaml(written(content))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    for path in (tmp_path / "nothing.yaml", tmp_path):
        with pytest.raises(SpecError, match="cannot be read"):
            read_yaml(path)


def test_problems_of_a_pipeline_have_their_paths_and_nearest_keys() -> None:
    data = {
        "pipeline": "Bad Name",
        "inputs": {"a": "video"},
        "steps": {"s": {"use": "physical", "input": {}, "wth": {}}, "t": {}},
        "reprot": {},
    }
    with pytest.raises(SpecError) as error:
        parse_model(PipelineSpec, data, "p.yaml")
    text = "\n".join(error.value.problems)
    for said in (
        "steps.s.input: unknown key; did you mean 'inputs'?",
        "steps.s.wth: unknown key; did you mean 'with'?",
        "steps.t.use: field required",
        "reprot: unknown key; did you mean 'report'?",
        "inputs.a: input should be 'images', found 'video'",
    ):
        assert said in text
    assert "pipeline: " in text
    assert error.value.message.startswith("p.yaml: 6 problems")
