; x to the power of n
define i32 @power(i32 %x, i32 %n) {
entry:
  br label %test
test:
  %i = phi i32 [ 0, %entry ], [ %next, %multiply ]
  %result = phi i32 [ 1, %entry ], [ %product, %multiply ]
  %more = icmp slt i32 %i, %n
  br i1 %more, label %multiply, label %done
multiply:
  %product = mul i32 %result, %x
  %next = add i32 %i, 1
  br label %test
done:
  ret i32 %result
}
