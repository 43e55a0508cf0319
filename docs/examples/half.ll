define i32 @half(i32 %x) {
  %r = sdiv i32 %x, 2
  ret i32 %r
}
