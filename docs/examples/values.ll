; Functions that return what they are given: docs/values.md.
%point = type { i32, double }

@counter = global i32 7

define i1 @bit(i1 %x) { ret i1 %x }
define i7 @seven(i7 %x) { ret i7 %x }
define i8 @byte(i8 %x) { ret i8 %x }
define i32 @int(i32 %x) { ret i32 %x }
define i128 @wide(i128 %x) { ret i128 %x }
define half @half(half %x) { ret half %x }
define bfloat @bfloat(bfloat %x) { ret bfloat %x }
define float @float(float %x) { ret float %x }
define double @double(double %x) { ret double %x }
define x86_fp80 @extended(x86_fp80 %x) { ret x86_fp80 %x }
define fp128 @quad(fp128 %x) { ret fp128 %x }
define ptr @pointer(ptr %x) { ret ptr %x }
define <4 x i32> @vector(<4 x i32> %x) { ret <4 x i32> %x }
define [3 x i16] @array([3 x i16] %x) { ret [3 x i16] %x }
define [6 x i8] @text([6 x i8] %x) { ret [6 x i8] %x }
define %point @point(%point %x) { ret %point %x }
define <{ i8, i32 }> @packed(<{ i8, i32 }> %x) { ret <{ i8, i32 }> %x }

define i32 @read_int(ptr %p) {
  %x = load i32, ptr %p
  ret i32 %x
}

define i32 @sum3(ptr %p) {
  %at1 = getelementptr i32, ptr %p, i64 1
  %at2 = getelementptr i32, ptr %p, i64 2
  %a = load i32, ptr %p
  %b = load i32, ptr %at1
  %c = load i32, ptr %at2
  %ab = add i32 %a, %b
  %abc = add i32 %ab, %c
  ret i32 %abc
}

; What clang makes of a struct that is too big for registers.
define void @moved(ptr sret({ i64, i64, i64 }) %result, ptr byval({ i64, i64, i64 }) %box, i64 %by) {
  %x = load i64, ptr %box
  %y = add i64 %x, %by
  %v = load { i64, i64, i64 }, ptr %box
  %w = insertvalue { i64, i64, i64 } %v, i64 %y, 0
  store { i64, i64, i64 } %w, ptr %result
  ret void
}
