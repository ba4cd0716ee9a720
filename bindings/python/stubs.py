"""Writes the type stubs of the generated module: `python stubs.py GENERATED.py > GENERATED.pyi`.

The generator annotates what it can; what a checker stumbles over are variants that are put into their class afterwards, and
arguments whose default is a mark. Both are written here as they are meant. What a variant holds is read from how it is read.
"""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path
from typing import Iterator

# What only packages for tests have.
TESTS_ALONE = {"allocated_bytes"}
PLAIN = {"String": "str", "Boolean": "bool", "Bytes": "bytes", "Double": "float", "Float": "float"}


def type_of(converter: str) -> str:
    """The type that a converter gives: `OptionalTypeName` is `Optional[Name]`."""
    name = converter.removeprefix("_UniffiFfiConverter")
    if name.startswith("Optional"):
        return f"Optional[{type_of(name.removeprefix('Optional'))}]"
    if name.startswith("Sequence"):
        return f"List[{type_of(name.removeprefix('Sequence'))}]"
    if name.startswith("Box"):
        return type_of(name.removeprefix("Box"))
    if name.startswith("Type"):
        return name.removeprefix("Type")
    if re.fullmatch(r"U?Int\d+", name):
        return "int"
    return PLAIN[name]


def signature(step: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    """A step as it is meant: an argument that may be left out is one that may be none."""
    text = ast.unparse(ast.fix_missing_locations(step.args))
    text = re.sub(r"typing\.Union\[object, (typing\.Optional\[[^=]*\])\]=_DEFAULT", r"\1=None", text)
    text = text.replace("=_DEFAULT", "=...").replace("typing.", "")
    # What the core gives is concealed; what it takes may be text.
    text = re.sub(r"\b(Name|SecretText)\b", "Union[Concealed, str]", text)
    returned = ast.unparse(step.returns).replace("typing.", "") if step.returns else "None"
    keyword = "async def" if isinstance(step, ast.AsyncFunctionDef) else "def"
    return f"{keyword} {step.name}({text}) -> {returned}: ..."


def fields_of_variants(tree: ast.Module) -> dict[tuple[str, str], list[str]]:
    """The types of each variant's fields, from the calls that make them: `return Kind.Variant(converter.read(buf), …)`."""
    fields: dict[tuple[str, str], list[str]] = {}
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=kind), attr=variant), args=args, keywords=keywords):
                values = [*args, *(keyword.value for keyword in keywords)]
                readers = [ast.unparse(value).removesuffix(".read(buf)") for value in values]
                if all(reader.startswith("_UniffiFfiConverter") for reader in readers):
                    fields.setdefault((kind, variant), [type_of(reader) for reader in readers])
    return fields


def steps_of(node: ast.ClassDef) -> Iterator[str]:
    for step in node.body:
        if isinstance(step, (ast.FunctionDef, ast.AsyncFunctionDef)) and not step.name.startswith("_"):
            for decorator in step.decorator_list:
                yield f"    @{ast.unparse(decorator)}"
            yield f"    {signature(step)}"


def variants_of(node: ast.ClassDef, fields: dict[tuple[str, str], list[str]], is_error: bool) -> Iterator[str]:
    variants = [inner for inner in node.body if isinstance(inner, ast.ClassDef)]
    for inner in variants:
        makes = next(step for step in inner.body if isinstance(step, ast.FunctionDef) and step.name == "__init__")
        types = fields.get((node.name, inner.name), [])
        yield f"    class {inner.name}({node.name}):"
        if makes.args.vararg is not None:
            given = ", ".join(f"value{place}: {one}, /" for place, one in enumerate(types))
            yield f"        def __init__(self, {given}) -> None: ..."
            yield f"        def __getitem__(self, index: int) -> {types[0] if len(set(types)) == 1 else 'Any'}: ..."
            continue
        names = [argument.arg for argument in makes.args.args[1:]]
        assert len(names) == len(types), (node.name, inner.name, names, types)
        pairs = [f"{name}: {one}" for name, one in zip(names, types)]
        yield from (f"        {pair}" for pair in pairs)
        yield f"        def __init__({', '.join(['self', *pairs])}) -> None: ..."
    if not is_error:
        for inner in variants:
            yield f"    def is_{inner.name}(self) -> bool: ..."
            yield f"    def is_{inner.name.lower()}(self) -> bool: ..."


def stub_of(node: ast.ClassDef, tree_fields: dict[tuple[str, str], list[str]], errors: set[str]) -> Iterator[str]:
    bases = [ast.unparse(base) for base in node.bases]
    if "enum.Enum" in bases:
        yield f"class {node.name}(enum.Enum):"
        members = [line for line in node.body if isinstance(line, ast.Assign)]
        yield from (f"    {ast.unparse(line)}" for line in members)
        return
    is_error = node.name in errors
    is_exception = is_error or "Exception" in bases
    yield f"class {node.name}({'Exception' if is_exception else ''}):"
    makes = [step for step in node.body if isinstance(step, ast.FunctionDef) and step.name == "__init__"]
    has_variants = any(isinstance(inner, ast.ClassDef) for inner in node.body)
    if has_variants:
        yield from variants_of(node, tree_fields, is_error)
        return
    lines = list(steps_of(node))
    if makes and makes[0].args.kwonlyargs:
        for argument in makes[0].args.kwonlyargs:
            kind = ast.unparse(argument.annotation) if argument.annotation else "Any"
            lines.insert(0, f"    {argument.arg}: {kind.replace('typing.', '')}")
        lines.append(f"    {signature(makes[0])}")
    yield from lines or ["    ..."]


def stubs(source: str) -> str:
    tree = ast.parse(source)
    offered: set[str] = set()
    aliases: dict[str, str] = {}
    classes: dict[str, list[ast.ClassDef]] = {}
    functions: list[ast.FunctionDef | ast.AsyncFunctionDef] = []
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id="__all__")]):
                offered = set(ast.literal_eval(node.value)) - TESTS_ALONE
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name[0].isupper() and "_Uniffi" not in ast.unparse(value):
                aliases[name] = ast.unparse(value)
            case ast.ClassDef():
                classes.setdefault(node.name, []).append(node)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                functions.append(node)
    # An error is first an exception, and then the class that holds its variants.
    errors = {name for name, found in classes.items() if len(found) == 2}
    fields = fields_of_variants(tree)
    lines = [
        "# Written by stubs.py.",
        "import enum",
        "from typing import Any, List, Optional, Union",
        "from countersign.concealed import Concealed",
        "",
        "_UniffiRustBufferStream: Any",
    ]
    for name, meant in sorted(aliases.items()):
        lines.append(f"{name} = {meant.removeprefix('countersign.concealed.')}")
    for name, found in classes.items():
        if name in offered and name not in aliases:
            lines += ["", *stub_of(found[-1], fields, errors)]
    for step in functions:
        if step.name in offered:
            lines += ["", signature(step)]
    # The package has its own.
    lines += ["", f"__all__ = {sorted(offered - {'Companion'})!r}"]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(stubs(Path(sys.argv[1]).read_text()))
