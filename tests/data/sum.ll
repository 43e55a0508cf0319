define i32 @sum(i32 %a, i32 %b) {
entry:
  %r = add i32 %a, %b
  ret i32 %r
}
