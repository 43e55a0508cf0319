define i32 @answer() {
  %room = alloca <vscale x 2 x i32>
  %v = load volatile <vscale x 2 x i32>, ptr %room
  %r = extractelement <vscale x 2 x i32> %v, i32 0
  ret i32 %r
}
