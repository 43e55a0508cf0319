; IR itself: a row of docs/what-works.md for each function.

; /// integers of any width: `i129`, division of `i256`: 42
define i32 @wide_integers() {
  %room = alloca i256
  store volatile i256 1267650600228229401496703205376, ptr %room
  %large = load volatile i256, ptr %room
  %square = mul i256 %large, %large
  %back = udiv i256 %square, %large
  %same = icmp eq i256 %back, %large
  %i129 = select i1 %same, i129 42, i129 0
  %r = trunc i129 %i129 to i32
  ret i32 %r
}

; /// `half`, `bfloat`, `x86_fp80`, `fp128`: 42
define i32 @floats() {
  %room = alloca half
  store volatile half 2.0, ptr %room
  %half = load volatile half, ptr %room
  %bfloat = fptrunc float 4.0 to bfloat
  %a = fpext half %half to x86_fp80
  %b = fpext bfloat %bfloat to fp128
  %c = fpext half %half to fp128
  %d = fmul fp128 %b, %c
  %e = fptosi x86_fp80 %a to i32
  %f = fptosi fp128 %d to i32
  %g = mul i32 %f, 5
  %r = add i32 %g, %e
  ret i32 %r
}

; /// vectors, `shufflevector`, `llvm.vector.reduce.*`, masked loads: 42
define i32 @vectors() {
  %room = alloca <7 x i32>
  store volatile <7 x i32> <i32 1, i32 2, i32 3, i32 4, i32 5, i32 6, i32 7>, ptr %room
  %v = call <7 x i32> @llvm.masked.load.v7i32.p0(ptr align 4 %room, <7 x i1> <i1 1, i1 1, i1 1, i1 1, i1 1, i1 1, i1 0>, <7 x i32> zeroinitializer)
  %sum = call i32 @llvm.vector.reduce.add.v7i32(<7 x i32> %v)
  %r = mul i32 %sum, 2
  ret i32 %r
}
declare <7 x i32> @llvm.masked.load.v7i32.p0(ptr, <7 x i1>, <7 x i32>)
declare i32 @llvm.vector.reduce.add.v7i32(<7 x i32>)

; /// functions of the C library behind intrinsics (`llvm.sin.f64`, `llvm.memcpy`): 42
define i32 @intrinsics() {
  %to = alloca i32
  %from = alloca i32
  store volatile i32 42, ptr %from
  call void @llvm.memcpy.p0.p0.i64(ptr %to, ptr %from, i64 4, i1 true)
  %sine = call double @llvm.sin.f64(double 0.0)
  %zero = fptosi double %sine to i32
  %copy = load i32, ptr %to
  %r = add i32 %copy, %zero
  ret i32 %r
}
declare double @llvm.sin.f64(double)
declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)

; /// `blockaddress`, `indirectbr`: 42
define i32 @block_addresses() {
  %room = alloca ptr
  store volatile ptr blockaddress(@block_addresses, %yes), ptr %room
  %where = load volatile ptr, ptr %room
  indirectbr ptr %where, [label %no, label %yes]
no:
  ret i32 0
yes:
  ret i32 42
}

; /// `callbr`: 42
define i32 @callbr() {
  callbr void asm sideeffect "jmp ${0:l}", "!i"() to label %no [label %yes]
no:
  ret i32 0
yes:
  ret i32 42
}

; /// `invoke`, `landingpad`, `resume`: 42
define i32 @invoke() personality ptr @__gxx_personality_v0 {
  %exception = call ptr @__cxa_allocate_exception(i64 4)
  store i32 42, ptr %exception
  invoke void @__cxa_throw(ptr %exception, ptr @_ZTIi, ptr null) to label %never unwind label %caught
never:
  unreachable
caught:
  %pad = landingpad { ptr, i32 } catch ptr @_ZTIi
  %first = extractvalue { ptr, i32 } %pad, 0
  %number = call ptr @__cxa_begin_catch(ptr %first)
  %r = load i32, ptr %number
  call void @__cxa_end_catch()
  ret i32 %r
}
@_ZTIi = external constant ptr
declare i32 @__gxx_personality_v0(...)
declare ptr @__cxa_allocate_exception(i64)
declare void @__cxa_throw(ptr, ptr, ptr)
declare ptr @__cxa_begin_catch(ptr)
declare void @__cxa_end_catch()

; /// `musttail` in `tailcc` and `fastcc`, a million calls deep: 42
define i32 @tail_calls() {
  %a = call tailcc i32 @down(i32 1000000, i32 0)
  %b = call fastcc i32 @half(i32 %a)
  %r = sub i32 %b, 499958
  ret i32 %r
}
define internal tailcc i32 @down(i32 %n, i32 %sum) {
  %done = icmp eq i32 %n, 0
  br i1 %done, label %end, label %more
end:
  ret i32 %sum
more:
  %m = sub i32 %n, 1
  %s = add i32 %sum, 1
  %r = musttail call tailcc i32 @down(i32 %m, i32 %s)
  ret i32 %r
}
define internal fastcc i32 @half(i32 %n) noinline {
  %r = sdiv i32 %n, 2
  ret i32 %r
}

; /// calling conventions: `preserve_mostcc`, `x86_regcallcc`, `win64cc`: 42
define i32 @conventions() {
  %a = call preserve_mostcc i32 @most(i32 10)
  %b = call x86_regcallcc i32 @reg(i32 %a)
  %r = call win64cc i32 @win(i32 %b)
  ret i32 %r
}
define internal preserve_mostcc i32 @most(i32 %n) noinline {
  %r = add i32 %n, 10
  ret i32 %r
}
define internal x86_regcallcc i32 @reg(i32 %n) noinline {
  %r = add i32 %n, 1
  ret i32 %r
}
define internal win64cc i32 @win(i32 %n) noinline {
  %r = mul i32 %n, 2
  ret i32 %r
}

; /// `byval`, `sret`, `va_arg`: 42
define i32 @passing() {
  %pair = alloca { i64, i64, i64 }
  store { i64, i64, i64 } { i64 10, i64 20, i64 2 }, ptr %pair
  %result = alloca { i64, i64, i64 }
  call void @doubled(ptr sret({ i64, i64, i64 }) %result, ptr byval({ i64, i64, i64 }) %pair)
  %first = load i64, ptr %result
  %a = trunc i64 %first to i32
  %r = call i32 (i32, ...) @added(i32 %a, i32 22)
  ret i32 %r
}
define internal void @doubled(ptr sret({ i64, i64, i64 }) %result, ptr byval({ i64, i64, i64 }) %pair) noinline {
  %n = load i64, ptr %pair
  %m = mul i64 %n, 2
  store i64 %m, ptr %result
  ret void
}
define internal i32 @added(i32 %a, ...) {
  %list = alloca [24 x i8], align 8
  call void @llvm.va_start.p0(ptr %list)
  %b = va_arg ptr %list, i32
  call void @llvm.va_end.p0(ptr %list)
  %r = add i32 %a, %b
  ret i32 %r
}
declare void @llvm.va_start.p0(ptr)
declare void @llvm.va_end.p0(ptr)

; /// `cmpxchg`, `atomicrmw fadd`, atomics of 128 bits: 42
define i32 @atomics() {
  %room = alloca i128
  store i128 40, ptr %room
  %pair = cmpxchg ptr %room, i128 40, i128 41 seq_cst seq_cst
  %float = alloca float
  store float 0.0, ptr %float
  %before = atomicrmw fadd ptr %float, float 1.0 seq_cst
  %one = load atomic float, ptr %float seq_cst, align 4
  %a = load atomic i128, ptr %room seq_cst, align 16
  %b = trunc i128 %a to i32
  %c = fptosi float %one to i32
  %r = add i32 %b, %c
  ret i32 %r
}

module asm ".text"
module asm "in_assembly: movl $40, %eax"
module asm "ret"
declare i32 @in_assembly()
; /// `module asm`, inline assembly in both syntaxes: 42
define i32 @assembly() {
  %a = call i32 @in_assembly()
  %b = call i32 asm "leal 1($1), $0", "=r,r"(i32 %a)
  %r = call i32 asm inteldialect "lea $0, [$1 + 1]", "=r,r"(i32 %b)
  ret i32 %r
}

@chosen = ifunc i32 (), ptr @resolver
define internal ptr @resolver() {
  ret ptr @two
}
define internal i32 @two() {
  ret i32 2
}
@forty = alias i32, ptr @number
@number = global i32 40
@absent = extern_weak global i32
; /// `ifunc`, `alias`, `extern_weak`: 42
define i32 @symbols() {
  %a = load i32, ptr @forty
  %b = call i32 @chosen()
  %none = icmp eq ptr @absent, null
  %c = select i1 %none, i32 0, i32 1
  %d = add i32 %a, %b
  %r = add i32 %c, %d
  ret i32 %r
}

$shared = comdat any
@shared = linkonce_odr global i32 42, comdat
; /// `comdat`, `linkonce_odr`, `available_externally`: 42
define i32 @merged() {
  %r = load i32, ptr @shared
  ret i32 %r
}

@own = thread_local(initialexec) global i32 42
; /// `thread_local`, with any TLS model: 42
define i32 @thread_locals() {
  %p = call ptr @llvm.threadlocal.address.p0(ptr @own)
  %r = load i32, ptr %p
  ret i32 %r
}
declare ptr @llvm.threadlocal.address.p0(ptr)

@order = internal global i32 0
@llvm.global_ctors = appending global [2 x { i32, ptr, ptr }] [{ i32, ptr, ptr } { i32 2, ptr @then, ptr null }, { i32, ptr, ptr } { i32 1, ptr @first, ptr null }]
define internal void @first() {
  store i32 41, ptr @order
  ret void
}
define internal void @then() {
  %a = load i32, ptr @order
  %b = add i32 %a, 1
  store i32 %b, ptr @order
  ret void
}
; /// `llvm.global_ctors`, by priority: 42
define i32 @constructors() {
  %r = load i32, ptr @order
  ret i32 %r
}

; /// `prefix` and `prologue` data: 42
define i32 @prefixes() {
  %before = getelementptr i8, ptr @prefixed, i64 -4
  %r = load i32, ptr %before
  ret i32 %r
}
define i32 @prefixed() prefix i32 42 {
  ret i32 0
}

; /// garbage collection: `gc "shadow-stack"`: 42
define i32 @collected() gc "shadow-stack" {
  %root = alloca ptr
  call void @llvm.gcroot(ptr %root, ptr null)
  ret i32 42
}
declare void @llvm.gcroot(ptr, ptr)

; /// `llvm.returnaddress`, `llvm.frameaddress`, `llvm.stacksave`: 42
define i32 @frames() {
  %address = call ptr @llvm.returnaddress(i32 0)
  %stack = call ptr @llvm.stacksave.p0()
  call void @llvm.stackrestore.p0(ptr %stack)
  %none = icmp eq ptr %address, null
  %r = select i1 %none, i32 0, i32 42
  ret i32 %r
}
declare ptr @llvm.returnaddress(i32)
declare ptr @llvm.stacksave.p0()
declare void @llvm.stackrestore.p0(ptr)
