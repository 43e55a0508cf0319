; Static constructors and destructors, and a thread-local variable.
@count = global i32 0
@tls = thread_local global i32 7
@llvm.global_ctors = appending global [2 x { i32, ptr, ptr }] [
  { i32, ptr, ptr } { i32 200, ptr @second, ptr null },
  { i32, ptr, ptr } { i32 100, ptr @first, ptr null }
]

define internal void @first() {
  store i32 10, ptr @count
  ret void
}

define internal void @second() {
  %c = load i32, ptr @count
  %d = add i32 %c, 1
  store i32 %d, ptr @count
  ret void
}

define i32 @counted() {
  %c = load i32, ptr @count
  ret i32 %c
}
