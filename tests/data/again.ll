; Read a, read b, print their sum, ask "Again?": the whole loop runs as JITed code.
@ask.a = private constant [4 x i8] c"a? \00"
@ask.b = private constant [4 x i8] c"b? \00"
@ask.again = private constant [14 x i8] c"Again? (y/n) \00"
@format.int = private constant [3 x i8] c"%d\00"
@format.word = private constant [4 x i8] c" %c\00"
@format.sum = private constant [14 x i8] c"%d + %d = %d\0A\00"

declare i32 @printf(ptr, ...)
declare i32 @scanf(ptr, ...)
declare i32 @sum(i32, i32)

define i32 @read_int(ptr %question) {
  %place = alloca i32
  %p = call i32 (ptr, ...) @printf(ptr %question)
  %n = call i32 (ptr, ...) @scanf(ptr @format.int, ptr %place)
  %value = load i32, ptr %place
  ret i32 %value
}

define i32 @main() {
entry:
  %answer = alloca i8
  br label %round
round:
  %rounds = phi i32 [ 0, %entry ], [ %next, %round ]
  %next = add i32 %rounds, 1
  store i8 110, ptr %answer
  %a = call i32 @read_int(ptr @ask.a)
  %b = call i32 @read_int(ptr @ask.b)
  %c = call i32 @sum(i32 %a, i32 %b)
  %p = call i32 (ptr, ...) @printf(ptr @format.sum, i32 %a, i32 %b, i32 %c)
  %q = call i32 (ptr, ...) @printf(ptr @ask.again)
  %n = call i32 (ptr, ...) @scanf(ptr @format.word, ptr %answer)
  %word = load i8, ptr %answer
  %again = icmp eq i8 %word, 121
  br i1 %again, label %round, label %done
done:
  ret i32 %next
}
