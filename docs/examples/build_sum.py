"""Build `sum` with llvmlite.ir and call it (docs/tour.md, step 1)."""

from llvmlite import ir

from jitrepl import Session

i32 = ir.IntType(32)
module = ir.Module("built")
function = ir.Function(module, ir.FunctionType(i32, [i32, i32]), "sum")
builder = ir.IRBuilder(function.append_basic_block("entry"))
builder.ret(builder.add(*function.args, "r"))

with Session() as session:
    session.load(module)
    print(session.call("sum", 1, 2))
