@number = global i32 42

define i32 @answer() {
  %r = load i32, i32* @number
  ret i32 %r
}
