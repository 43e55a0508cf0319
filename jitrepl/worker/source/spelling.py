"""How types are written in their language, short enough to read: `std::vector<int>`, `Vec<u64>`, `int (*)(char)`."""

from __future__ import annotations

from jitrepl.worker.source.sourcetypes import (
    CXX,
    RUST,
    Address,
    Alias,
    C,
    Enumeration,
    Member,
    Nothing,
    Record,
    Routine,
    Scalar,
    Sequence,
    SourceFunction,
    SourceType,
)

_INLINE_NAMESPACES = ("std::__1::", "std::__cxx11::", "std::__2::")
_DEFAULTS = (
    "std::allocator<",
    "std::char_traits<",
    "std::default_delete<",
    "std::less<",
    "std::hash<",
    "std::equal_to<",
)
"""Template arguments of the C++ library that nobody writes."""
_STRINGS = {
    "std::basic_string<char>": "std::string",
    "std::basic_string_view<char>": "std::string_view",
    "std::basic_string<wchar_t>": "std::wstring",
}


def spell(type: SourceType) -> str:
    """A type as its source writes it."""
    return declare(type, "")


def declare(type: SourceType, name: str) -> str:
    """A declaration of `name` with a type: `int a[3]` in C, `a: [i32; 3]` in Rust; the type alone if it is ""."""
    if type.language == RUST:
        return f"{name}: {_rust(type)}" if name else _rust(type)
    return _c(type, name)


def signature(function: SourceFunction) -> str:
    """A function's declaration: `int sum(int, int)`, `fn sum(a: i32, b: i32) -> i32`."""
    type = function.type
    if type.language == RUST:
        names = function.param_names or ["_"] * len(type.params)
        inside = ", ".join(f"{name}: {_rust(param)}" for name, param in zip(names, type.params, strict=True))
        result = "" if isinstance(type.result, Nothing) else f" -> {_rust(type.result)}"
        return f"fn {short_rust(function.name)}({inside}){result}"
    name, params, behind = short_cxx(function.name), type.params, ""
    if params and isinstance(params[0], Address) and params[0].is_this:
        this = params[0].target
        behind = " const" if isinstance(this, Alias) and this.qualifier == "const" else ""
        params = params[1:]
    declarator = f"{name}({_params(params, type)}){behind}"
    scope, _, last = name.rpartition("::")
    if last.lstrip("~") == scope.rpartition("::")[2].partition("<")[0] and scope:
        return declarator  # a constructor or destructor
    return _c(type.result, declarator)


def definition(type: SourceType) -> str:
    """A type with what is in it, as it could be declared."""
    if isinstance(type, Alias) and type.language != RUST:
        target = type.target
        if isinstance(target, Record | Enumeration) and not target.name:
            return f"typedef {definition(target).rstrip(';')} {short_cxx(type.name)};"
        return f"typedef {_c(target, short_cxx(type.name))};"
    if isinstance(type, Enumeration):
        names = "".join(f"    {name} = {number},\n" for name, number in type.values.items())
        base = f" : {spell(type.base)}" if type.base and type.language == CXX else ""
        word = "enum class " if type.scoped and type.language == CXX else "enum "
        head = f"{word}{spell(type).removeprefix('enum ') if type.name else ''}{base}".rstrip()
        return f"{head} {{\n{names}}}" + ";" * (type.language != RUST)
    if isinstance(type, Record):
        return _record(type)
    return spell(type)


def _record(type: Record) -> str:
    name = spell(type)
    if type.language == RUST:
        if type.variants:
            lines = [f"    {_variant(member.type)},\n" for _, member in type.variants.choices]
            return f"enum {name} {{\n{''.join(lines)}}}"
        if type.is_tuple:
            return f"struct {name}({', '.join(_rust(member.type) for member in type.members)});"
        lines = [f"    {declare(member.type, member.name)},\n" for member in type.members]
        return f"{type.kind} {name} {{\n{''.join(lines)}}}" if lines else f"{type.kind} {name};"
    head = f"{type.kind} {name.removeprefix(f'{type.kind} ')}" if type.name else type.kind
    if type.is_declared_only:
        return f"{head};"
    bases = [spell(member.type) for member in type.members if member.is_base]
    if bases:
        head += f" : {', '.join(bases)}"
    lines = []
    for member in type.members:
        if not member.is_base and not member.name.startswith("_vptr"):
            width = f" : {member.bits[0]}" if member.bits else ""
            lines.append(f"    {_member(member)}{width};\n")
    return f"{head} {{\n{''.join(lines)}}};"


def _member(member: Member) -> str:
    """A member's declaration; what has no name of its own is shown with what is in it."""
    type = member.type
    if not isinstance(type, Record) or type.name:
        return declare(type, member.name)
    inside = "\n    ".join(_record(type).rstrip(";").splitlines())
    return f"{inside} {member.name}".rstrip()


def _variant(type: SourceType) -> str:
    name = short_rust(type.name)
    if not isinstance(type, Record) or not type.members:
        return name
    if type.is_tuple:
        return f"{name}({', '.join(_rust(member.type) for member in type.members)})"
    return f"{name} {{ {', '.join(declare(member.type, member.name) for member in type.members)} }}"


# C and C++


def _c(type: SourceType, inner: str) -> str:
    """A C declaration, from the inside out: `inner` is the declarator so far."""
    if isinstance(type, Alias) and type.qualifier:
        if isinstance(type.target, Address):
            return _c(type.target, f"{type.qualifier}{' ' if inner else ''}{inner}")
        return f"{type.qualifier} {_c(type.target, inner)}"
    if isinstance(type, Address):
        sign = f"{short_cxx(type.name)}{type.kind}{inner}"
        return _c(type.target, f"({sign})" if isinstance(type.target, Sequence | Routine) else sign)
    if isinstance(type, Sequence):
        if type.is_vector:
            return _joined(f"{_c(type.element, '')} __attribute__((vector_size({type.size})))", inner)
        return _c(type.element, f"{inner}[{'' if type.count is None else type.count}]")
    if isinstance(type, Routine):
        return _c(type.result, f"{inner}({_params(type.params, type)})")
    return _joined(_c_name(type), inner)


def _joined(name: str, declarator: str) -> str:
    return f"{name} {declarator}" if declarator else name


def _c_name(type: SourceType) -> str:
    word = ""
    if isinstance(type, Record):
        word = type.kind
    elif isinstance(type, Enumeration):
        word = "enum"
    if isinstance(type, Scalar) and type.kind == "complex":
        return {8: "float", 16: "double"}.get(type.size, "long double") + " _Complex"
    if not type.name:
        return f"{word} {{…}}" if word else "void"
    if type.language == C and type.name == "_Bool":
        return "bool"
    if type.language == C and word:
        return f"{word} {type.name}"
    return short_cxx(type.name)


def _params(params: list[SourceType], type: Routine) -> str:
    inside = [_c(param, "") for param in params] + ["..."] * type.varargs
    return ", ".join(inside) or ("void" if type.language == C and not type.varargs else "")


_short: dict[str, str] = {}


def short_cxx(name: str) -> str:
    """A C++ name without inline namespaces of the library and default template arguments."""
    if "<" not in name and "::" not in name:
        return name
    if name not in _short:
        _short[name] = _shorten_cxx(name)
    return _short[name]


def _shorten_cxx(name: str) -> str:
    for space in _INLINE_NAMESPACES:
        name = name.replace(space, "std::")
    head, arguments, tail = _template(name)
    if arguments is None:
        return name
    kept = [_argument(argument) for argument in arguments if not argument.startswith(_DEFAULTS)]
    made = f"{head}<{', '.join(kept)}>"
    return f"{_STRINGS.get(made, made)}{short_cxx(tail)}"


def _argument(text: str) -> str:
    """A template argument: a type, or a number without its suffix."""
    number = text.rstrip("UL")
    return number if number.lstrip("-").isdigit() else short_cxx(text)


def _template(name: str) -> tuple[str, list[str] | None, str]:
    """What is in front of the template arguments of a name, the arguments, and what is behind them."""
    start = name.find("<")
    if start <= 0 or name[:start].endswith("operator"):
        return name, None, ""
    depth, begin, arguments = 0, start + 1, []
    for at in range(start, len(name)):
        letter = name[at]
        if letter in "<([{":
            depth += 1
        elif letter in ">)]}" and name[at - 1] != "-":
            depth -= 1
        if depth == 0 or (depth == 1 and letter == ","):
            arguments.append(name[begin:at].strip())
            begin = at + 1
        if depth == 0:
            return name[:start], [argument for argument in arguments if argument], name[at + 1 :]
    return name, None, ""


# Rust


def _rust(type: SourceType) -> str:
    if isinstance(type, Sequence):
        count = "" if type.count is None else f"; {type.count}"
        return f"[{_rust(type.element)}{count}]"
    if isinstance(type, Routine):
        result = "" if isinstance(type.result, Nothing) else f" -> {_rust(type.result)}"
        return f"fn({', '.join(map(_rust, type.params))}){result}"
    if isinstance(type, Address) and not type.name:
        return f"*const {_rust(type.target)}"
    return short_rust(type.name) or "()"


def short_rust(name: str) -> str:
    """A Rust name, and those of its arguments, without their paths and without the global allocator."""
    pieces: list[str] = []
    word = ""
    at = 0
    while at < len(name):
        letter = name[at]
        if name.startswith("::", at):
            if not word and "".join(pieces[-1:]) == ">":
                pieces.append("::")  # what is before it is a type
            word = ""
            at += 2
            continue
        if letter.isalnum() or letter in "_{}#":
            word += letter
        else:
            pieces += [word, letter]
            word = ""
        at += 1
    text = "".join([*pieces, word])
    if text.startswith("(") and text.endswith(")") and "," not in text and text != "()":
        text = f"{text[:-1]},)"
    return text.replace(", Global>", ">")
