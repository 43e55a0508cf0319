declare i32 @answer()

define i32 @main() {
  %r = call i32 @answer()
  ret i32 %r
}
