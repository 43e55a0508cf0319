define i32 @answer() {
  %handle = call ptr @counts()
  call void @llvm.coro.resume(ptr %handle)
  %r = load i32, ptr @count
  ret i32 %r
}
@count = internal global i32 0
define internal ptr @counts() presplitcoroutine {
  %id = call token @llvm.coro.id(i32 0, ptr null, ptr null, ptr null)
  %size = call i64 @llvm.coro.size.i64()
  %room = call ptr @malloc(i64 %size)
  %handle = call ptr @llvm.coro.begin(token %id, ptr %room)
  store i32 40, ptr @count
  %at = call i8 @llvm.coro.suspend(token none, i1 false)
  switch i8 %at, label %suspend [i8 0, label %resumed
                                 i8 1, label %cleanup]
resumed:
  store i32 42, ptr @count
  br label %cleanup
cleanup:
  %memory = call ptr @llvm.coro.free(token %id, ptr %handle)
  call void @free(ptr %memory)
  br label %suspend
suspend:
  call void @llvm.coro.end(ptr %handle, i1 false, token none)
  ret ptr %handle
}
declare token @llvm.coro.id(i32, ptr, ptr, ptr)
declare i64 @llvm.coro.size.i64()
declare ptr @llvm.coro.begin(token, ptr)
declare i8 @llvm.coro.suspend(token, i1)
declare ptr @llvm.coro.free(token, ptr)
declare void @llvm.coro.end(ptr, i1, token)
declare void @llvm.coro.resume(ptr)
declare ptr @malloc(i64)
declare void @free(ptr)
