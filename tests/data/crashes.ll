; Ways to end a process.
declare void @abort()
declare void @exit(i32)
declare void @llvm.trap()

@memory = global i32 0

define void @remember(i32 %x) {
  store i32 %x, ptr @memory
  ret void
}

define i32 @recall() {
  %x = load i32, ptr @memory
  ret i32 %x
}

define void @null_store() {
  store volatile i32 1, ptr null
  ret void
}

define void @aborts() {
  call void @abort()
  ret void
}

define void @exits(i32 %status) {
  call void @exit(i32 %status)
  ret void
}

define void @trap() {
  call void @llvm.trap()
  ret void
}

define i32 @forever_deep(i32 %n) {
  %frame = alloca [16384 x i8]
  store volatile i8 0, ptr %frame
  %m = add i32 %n, 1
  %r = call i32 @forever_deep(i32 %m)
  %s = load volatile i8, ptr %frame
  %t = zext i8 %s to i32
  %u = add i32 %r, %t
  ret i32 %u
}

define i32 @divide(i32 %a, i32 %b) {
  %r = sdiv i32 %a, %b
  ret i32 %r
}
