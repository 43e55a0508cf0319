"""The names that C++ and Rust give to symbols, as their source spells them, by libLLVM's own demanglers.

`llvm::itaniumDemangle` and `llvm::rustDemangle` of llvm/Demangle/Demangle.h are C++ functions; what is exported is
their mangled name, which depends on the C++ library that this libLLVM was built with.
"""

from __future__ import annotations

import ctypes

from jitrepl.worker.library import open_libllvm

_process = ctypes.CDLL(None)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

# A `std::string_view` is passed in two registers: its length and its address, in the order of the library's members.
_ITANIUM = (
    ("_ZN4llvm15itaniumDemangleENSt3__117basic_string_viewIcNS0_11char_traitsIcEEEEb", False),
    ("_ZN4llvm15itaniumDemangleESt17basic_string_viewIcSt11char_traitsIcEEb", True),
)
_RUST = (
    ("_ZN4llvm12rustDemangleENSt3__117basic_string_viewIcNS0_11char_traitsIcEEEE", False),
    ("_ZN4llvm12rustDemangleESt17basic_string_viewIcSt11char_traitsIcEE", True),
)
_HASH = 17 + len("::h") - 1
"""Characters of `::h0123456789abcdef`, which ends Rust's older names."""

_known: dict[str, str] = {}
_functions: dict[tuple[tuple[str, bool], ...], Callable[[bytes], str]] = {}


def demangle(symbol: str) -> str:
    """How the source spells a symbol: `add(int, int)`, `core::panicking::panic`; others stay as they are.

    Rust's hashes, which differ from build to build, are left out.
    """
    if not symbol.startswith(("_Z", "_R")):
        return symbol
    found = _known.get(symbol)
    if found is None:
        found = _known[symbol] = _rust(symbol) if symbol.startswith("_R") else _cxx(symbol)
    return found


def is_rust(symbol: str) -> bool:
    """Whether rustc made this name: in its own mangling, or in C++'s with a hash at the end (`17h0123…E`)."""
    return symbol.startswith("_R") or (symbol.startswith("_ZN") and symbol[-20:-17] == "17h" and symbol.endswith("E"))


def demangle_type(name: str) -> str:
    """How the source spells a type that a C++ `std::type_info` names: `St13runtime_error`."""
    return _plain(_call(_ITANIUM, name)) or name


def _cxx(symbol: str) -> str:
    text = _call(_ITANIUM, symbol)
    if not text:
        return symbol
    path, mark, digits = text[:-_HASH], text[-_HASH : -_HASH + 3], text[-_HASH + 3 :]
    if mark == "::h" and all(digit in "0123456789abcdef" for digit in digits):
        return _legacy(path)
    return _plain(text)


_STRING = "basic_string<char, std::char_traits<char>, std::allocator<char>>"


def _plain(text: str) -> str:
    """Without what C++ libraries add to names: `std::__1::`, `[abi:…]`; `std::string` for what it stands for."""
    if "std::" not in text and "[abi:" not in text:
        return text
    import re

    text = re.sub(r"\[abi:\w+\]", "", text.replace("std::__1::", "std::").replace("std::__cxx11::", "std::"))
    return text.replace(f"std::{_STRING}", "std::string")


def _rust(symbol: str) -> str:
    return _without_disambiguators(_call(_RUST, symbol)) or symbol


def _without_disambiguators(text: str) -> str:
    """Without the `[4ca1ab0f8d4e8d21]` behind the names of crates."""
    import re

    return re.sub(r"\[[0-9a-f]{10,16}\]", "", text)


_ESCAPES = {"SP": "@", "BP": "*", "RF": "&", "LT": "<", "GT": ">", "LP": "(", "RP": ")", "C": ","}


def _legacy(path: str) -> str:
    """A path of Rust's older mangling, which escapes what C++ has no names for."""
    import re

    def spelled(match: re.Match[str]) -> str:
        code = match[1]
        return _ESCAPES.get(code) or _character(code) or match[0]

    path = re.sub(r"(?<![^:])_\$", "$", path)
    return re.sub(r"\$(u[0-9a-f]{1,6}|[A-Z]{1,2})\$", spelled, path).replace("..", "::")


def _character(code: str) -> str:
    """The character that a `u2a` stands for; "" if that is none, or one that controls terminals."""
    if code[0] != "u":
        return ""
    number = int(code[1:], 16)
    text = chr(number) if number < 0xD800 or 0xDFFF < number <= 0x10FFFF else ""
    return text if text.isprintable() else ""


def _call(candidates: tuple[tuple[str, bool], ...], text: str) -> str:
    function = _functions.get(candidates)
    if function is None:
        function = _functions[candidates] = _bound(candidates)
    return function(text.encode("utf-8", "surrogateescape"))


def _bound(candidates: tuple[tuple[str, bool], ...]) -> Callable[[bytes], str]:
    library = open_libllvm()
    for name, length_first in candidates:
        try:
            function = library[name]
        except AttributeError:
            continue
        function.restype = ctypes.c_void_p

        def call(data: bytes, function: ctypes._NamedFuncPointer = function, first: bool = length_first) -> str:
            size = ctypes.c_size_t(len(data))
            view = (size, ctypes.c_char_p(data)) if first else (ctypes.c_char_p(data), size)
            result = function(*view, True)
            if not result:
                return ""
            text = ctypes.string_at(result).decode("utf-8", "replace")
            _process.free(ctypes.c_void_p(result))
            return text

        return call
    return lambda data: ""  # a libLLVM that hides them: names stay as they are
