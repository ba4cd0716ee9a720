"""The package itself: its README, its names and its types."""

from __future__ import annotations

import ast
import builtins
import re
from pathlib import Path

import countersign
import pytest

HERE = Path(__file__).parent


def test_the_example_of_the_readme_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    example, approving = re.findall(r"```python\n(.*?)```", (HERE.parent / "README.md").read_text(), re.S)
    monkeypatch.chdir(tmp_path)
    exec(compile(example, "README.md", "exec"), {})  # noqa: S102
    first, second = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"Keep this safe: ([0-9A-Z]{4}-){8}[0-9A-Z]{4}", first)
    assert re.fullmatch(r"Example alice \d{6}", second)
    assert (tmp_path / "my.vault").is_file()
    names = {node.attr for node in ast.walk(ast.parse(approving)) if isinstance(node, ast.Attribute)}
    known = set(dir(countersign)) | set(dir(countersign.Companion)) | set(dir(countersign.Reading))
    variants = {"SOFTWARE", "RINGS", "QUEUED", "APPROVE", "statement"}
    assert names <= known | variants, names - known - variants


def test_the_examples_of_the_page_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = re.findall(r"```python\n(.*?)```", (HERE.parents[2] / "docs/api/python.md").read_text(), re.S)
    # Declarations alone have no body.
    examples = [block for block in shown if not re.search(r"^(async )?def .*\) -> .*[^:]$", block, re.M)]
    assert len(examples) > 10
    monkeypatch.chdir(tmp_path)
    exec(compile("import contextlib\nimport countersign\n" + "".join(examples), "python.md", "exec"), {})  # noqa: S102
    said = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in said] == ["Keep", "Example", "1", "no"]


def test_every_name_that_is_offered_is_there() -> None:
    assert len(countersign.__all__) == len(set(countersign.__all__)) > 80
    for name in countersign.__all__:
        # The generator documents its own error with no word.
        assert name == "InternalError" or getattr(countersign, name).__doc__, name
    assert not [name for name in countersign.__all__ if hasattr(builtins, name)], "a star import replaces nothing"
    public = {name for name in countersign.__all__ if name[0].isupper()}
    assert {"Companion", "Reading", "Invitation", "RecoveryCode", "CountersignError", "Ports"} <= public
    assert (Path(countersign.__file__).parent / "py.typed").exists()


def test_a_buffer_is_never_read_past_its_end() -> None:
    from countersign.stream import Stream

    stream = Stream(b"\x00\x00\x00\x07abc", 7)
    assert (stream.read_i32(), stream.read(3), stream.remaining()) == (7, b"abc", 0)
    for step in (stream.read_u8, stream.read_i64, lambda: stream.read(1), lambda: Stream(b"abc", 3).read(-1)):
        with pytest.raises((countersign.InternalError, __import__("struct").error)):
            step()


def test_the_types_hold_in_a_strict_check() -> None:
    api = pytest.importorskip("mypy.api")
    out, _, status = api.run(["--strict", "--python-version", "3.11", "-p", "countersign"])
    assert status == 0, out


def test_the_stubs_are_those_of_the_interface() -> None:
    """Each change of the interface shows in the repository: `cargo xtask bindings` renews the stubs."""
    import runpy

    stubs = runpy.run_path(str(HERE.parent / "stubs.py"))["stubs"]
    generated = Path(countersign.__file__).parent / "native/countersign.py"
    known = HERE.parent / "countersign/native/countersign.pyi"
    assert stubs(generated.read_text()) == known.read_text(), "`cargo xtask bindings --renew` writes them anew"
