"""A session from Python (docs/python.md)."""

from jitrepl import Session, errors

IR = """
declare void @hello()

define i32 @sum(i32 %a, i32 %b) {
  %r = add i32 %a, %b
  ret i32 %r
}

define { i32, double } @both(i32 %n) {
  %x = sitofp i32 %n to double
  %h = fmul double %x, 0.5
  %a = insertvalue { i32, double } poison, i32 %n, 0
  %b = insertvalue { i32, double } %a, double %h, 1
  ret { i32, double } %b
}

define void @greet() {
  call void @hello()
  ret void
}
"""

with Session() as session:
    loaded = session.load(IR)
    print([symbol.name for symbol in loaded.defines])

    print(session.call("sum", 1, 2))
    print(session.again(40, 2))
    print(session.call("both", 5))
    print(session.call("strlen", "text", signature="i64 (ptr)"))

    session.call("greet")
    print(len(session.notes), session.notes[0].partition("@")[0])

    try:
        session.call("smu", 1, 2)
    except errors.SymbolError as problem:
        print(problem.message, "-", problem.hint)
