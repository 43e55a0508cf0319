from __future__ import annotations

import pytest

from jitrepl.worker.languages.demangle import demangle, demangle_type

EXPECT = "_ZN4core6option15Option$LT$T$GT$6expect17haaa898ed7bfd9f55E"
INDEX = (
    "_ZN4core5array85_$LT$impl$u20$core..ops..index..Index$LT$I$GT$$u20$for$u20$$u5b$T$u3b$$u20$N$u5d$$GT$"
    "5index17hafa5f13541f9a97bE"
)
FAILED = "_RINvNtCsgEmfK2I1SDS_4core9panicking13assert_failedINtNtB4_6option6OptionjEBM_EB4_"
STRING = "_Z5greetNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE"
LIBCXX_STRING = "_Z5greetNSt3__112basic_stringIcNS_11char_traitsIcEENS_9allocatorIcEEEE"


@pytest.mark.parametrize(
    ("symbol", "spelled"),
    [
        ("_Z3addii", "add(int, int)"),
        ("_ZN2ns3addEdd", "ns::add(double, double)"),
        ("_ZZ4boomiE1p", "boom(int)::p"),
        ("_Z3addB5v1_22i", "add(int)"),
        (STRING, "greet(std::string)"),
        (LIBCXX_STRING, "greet(std::string)"),
        ("_ZN4core9panicking5panic17h0123456789abcdefE", "core::panicking::panic"),
        (EXPECT, "core::option::Option<T>::expect"),
        (INDEX, "core::array::<impl core::ops::index::Index<I> for [T; N]>::index"),
        ("_ZN3sum4main28_$u7b$$u7b$closure$u7d$$u7d$17h0123456789abcdefE", "sum::main::{{closure}}"),
        ("_ZN10$u110000$x17h0123456789abcdefE", "$u110000$x"),
        ("_ZN8$ud800$x17h0123456789abcdefE", "$ud800$x"),
        ("_ZN6$u1b$x17h0123456789abcdefE", "$u1b$x"),
        ("_RNvNtCsgEmfK2I1SDS_4core9panicking5panic", "core::panicking::panic"),
        (FAILED, "core::panicking::assert_failed::<core::option::Option<usize>, core::option::Option<usize>>"),
        ("add", "add"),
        ("__cxa_throw", "__cxa_throw"),
        ("_Zebra", "_Zebra"),
        ("_Red", "_Red"),
    ],
)
def test_a_symbol_is_spelled_as_its_source_does(symbol: str, spelled: str) -> None:
    assert demangle(symbol) == spelled
    assert demangle(symbol) == spelled  # from memory


def test_types_are_spelled_too() -> None:
    assert demangle_type("St13runtime_error") == "std::runtime_error"
    assert demangle_type("PKc") == "char const*"
    assert demangle_type("NSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE") == "std::string"
    assert demangle_type("no type") == "no type"
