from __future__ import annotations

import pytest

from jitrepl.errors import JITError
from jitrepl.worker.linking.passes import passes_for, run_passes
from jitrepl.worker.owned import parse


def test_most_modules_need_none() -> None:
    assert passes_for(b"define i32 @main() { ret i32 0 }") == ()


def test_matrices_become_vectors() -> None:
    text = b"""
declare <4 x float> @llvm.matrix.transpose.v4f32(<4 x float>, i32, i32)
define <4 x float> @t(<4 x float> %m) {
  %r = call <4 x float> @llvm.matrix.transpose.v4f32(<4 x float> %m, i32 2, i32 2)
  ret <4 x float> %r
}"""
    module, message = parse(text, "m.ll")
    assert module is not None, message
    with module:
        (passes,) = passes_for(text)
        run_passes(module.ptr, passes)
        assert "shufflevector" in module.text()
        with pytest.raises(JITError, match="no-such-pass"):
            run_passes(module.ptr, b"no-such-pass")
