declare i32 @half(i32)

define i32 @main() {
  %r = call i32 @half(i32 24)
  ret i32 %r
}
