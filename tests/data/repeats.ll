@g = global i32 0
@step = global ptr @one
declare i32 @getpid()
declare i32 @puts(ptr)
declare i32 @printf(ptr, ...)
declare double @sqrt(double)
declare i32 @rand()
declare i32 @snprintf(ptr, i64, ptr, ...)
declare i64 @strtol(ptr, ptr, i32)
declare i64 @strlen(ptr)
declare ptr @malloc(i64)
declare i64 @llvm.readcyclecounter()
declare i32 @shared(i32)
@format = constant [4 x i8] c"%d\0A\00"
@text = constant [4 x i8] c"abc\00"
define i32 @one() {
  ret i32 1
}
define i32 @bump() {
  %a = load i32, ptr @g
  %b = add i32 %a, 1
  store i32 %b, ptr @g
  ret i32 %b
}
define i32 @recursive(i32 %n) {
  %end = icmp eq i32 %n, 0
  br i1 %end, label %last, label %more
last:
  %r = call i32 @bump()
  ret i32 %r
more:
  %less = sub i32 %n, 1
  %s = call i32 @recursive(i32 %less)
  ret i32 %s
}
define i32 @careful() noinline optnone {
  %r = call i32 @bump()
  ret i32 %r
}
define i32 @library() {
  %n = call i64 @strlen(ptr @text)
  %root = call double @sqrt(double 4.0)
  %whole = fptosi double %root to i32
  ret i32 %whole
}
define i32 @prints() {
  call i32 @puts(ptr @text)
  %r = call i32 @bump()
  call i32 (ptr, ...) @printf(ptr @format, i32 %r)
  ret i32 %r
}
define i32 @formats() {
  %text = alloca [16 x i8]
  %random = call i32 @rand()
  %few = urem i32 %random, 100
  %length = call i32 (ptr, i64, ptr, ...) @snprintf(ptr %text, i64 16, ptr @format, i32 %few)
  %number = call i64 @strtol(ptr %text, ptr null, i32 10)
  %short = trunc i64 %number to i32
  ret i32 %short
}
define i32 @asks() {
  call i32 @getpid()
  %r = call i32 @bump()
  ret i32 %r
}
define i32 @allocates() {
  call ptr @malloc(i64 8)
  ret i32 0
}
define i32 @looks_at_the_clock() {
  call i64 @llvm.readcyclecounter()
  ret i32 0
}
define i32 @by_pointer() {
  %f = load ptr, ptr @step
  %r = call i32 %f()
  ret i32 %r
}
define i32 @device() {
  %r = load volatile i32, ptr @g
  ret i32 %r
}
define i32 @assembly() {
  %r = call i32 asm sideeffect "movl $$7, $0", "=r"()
  ret i32 %r
}
define i32 @elsewhere(i32 %n) {
  %r = call i32 @shared(i32 %n)
  ret i32 %r
}
