declare i32 @sum_of_squares(i32, i32)

define i32 @twice(i32 %x) {
  %s = call i32 @sum_of_squares(i32 %x, i32 3)
  %r = mul i32 %s, 2
  ret i32 %r
}
