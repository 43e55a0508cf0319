"""What `__builtin_cpu_supports` and function multiversioning look at: variables of libgcc about this processor.

They are in `libgcc.a`, which is linked into programs; its shared library has some of them under an old version only,
and not `__cpu_features2`. The numbers of the features are an interface of the compilers (GCC, `i386-cpuinfo.h`; LLVM,
`X86TargetParser.def`).
"""

from __future__ import annotations

import ctypes

from jitrepl.worker import llvm

_VERSION = b"GCC_4.8.0"
_REST = "__cpu_features2"
_WORDS = 4
# fmt: off
_FEATURES = (
    "gfni", "vpclmulqdq", "avx512vnni", "avx512bitalg", "avx512bf16", "avx512vp2intersect", "3dnow", "3dnowa", "adx",
    "lzcnt", "cldemote", "clflushopt", "clwb", "clzero", "cx16", "cx8", "enqcmd", "f16c", "fsgsbase", "fxsr", "hle",
    "ibt", "sahf", "64bit", "lwp", "lzcnt", "movbe", "movdir64b", "movdiri", "mwaitx", "xsave", "pconfig", "pku",
    "prefetchwt1", "prfchw", "ptwrite", "rdpid", "rdrnd", "rdseed", "rtm", "serialize", "sgx", "sha", "shstk", "tbm",
    "tsxldtrk", "vaes", "waitpkg", "wbnoinvd", "xsave", "xsavec", "xsaveopt", "xsaves", "amx-tile", "amx-int8",
    "amx-bf16", "uintr", "hreset", "kl", "kl", "widekl", "avxvnni", "avx512fp16",
)
_LEVELS = (  # x86-64, -v2, -v3, -v4 (x86-64 psABI, 3.1.1): what each adds
    ("cx8", "fxsr", "sse2"),
    ("cx16", "sahf", "popcnt", "ssse3", "sse4.2"),
    ("avx2", "bmi", "bmi2", "f16c", "fma", "lzcnt", "movbe", "xsave"),
    ("avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"),
)
# fmt: on

_made: list[ctypes.Array[ctypes.c_uint32]] = []


def address(name: str) -> int | None:
    """The address of a variable or function about the processor; None if this machine has none."""
    if name == _REST:
        if not _made:
            _made.append((ctypes.c_uint32 * _WORDS)(*_words(set(_host_features()))))
        return ctypes.addressof(_made[0])
    find = ctypes.CDLL(None).dlvsym
    find.restype = ctypes.c_void_p
    found: int | None = find(None, name.encode(), _VERSION)
    return found


def _host_features() -> list[str]:
    text = llvm.text_of(llvm.host_features())
    return [item[1:] for item in text.split(",") if item.startswith("+")]


def _words(features: set[str]) -> list[int]:
    """The features as bits, 32 in a word."""
    bits = sum(1 << number for number, name in enumerate(_FEATURES) if name in features)
    for number, level in enumerate(_LEVELS):
        if not features.issuperset(level):
            break
        bits |= 1 << len(_FEATURES) + number
    return [bits >> 32 * word & 0xFFFFFFFF for word in range(_WORDS)]
