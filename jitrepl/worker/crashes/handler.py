"""The crash handler as IR, and the layout of the page that it writes its note to.

It is compiled as any JITed code and calls nothing of Python's, nor anything that signal-safety(7) forbids but the
unwinder: all else may be in any state. x86-64 Linux only.
"""

from __future__ import annotations

import os

from jitrepl.worker.process import ONSTACK, SIGINFO

PAGE_SIZE = 1 << 18
# Where things lie in the page, in bytes.
OWNER, PROCESS, SIGNAL, RETURN, MAPS_SIZE, THREADS, WORKER, SELF, ERRNO, COMPILES = 0, 4, 8, 16, 24, 32, 36, 40, 48, 52
INFO, REGISTERS = 64, 192
# One slot for each thread, that of the crash first.
SLOTS, SLOT_SIZE, SLOT_COUNT = 512, 2176, 64
TID, DONE, COUNT, NAME, IP, FRAMES = 0, 4, 8, 16, 32, 64
MAPS = SLOTS + SLOT_SIZE * SLOT_COUNT
MAPS_ROOM = PAGE_SIZE - MAPS
DEPTH = 256
NAME_SIZE = 16  # TASK_COMM_LEN
# ucontext_t of x86-64 Linux (<sys/ucontext.h>): the registers begin at byte 40, in this order.
CONTEXT_REGISTERS = 40
# fmt: off
REGISTER_NAMES = (
    "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "rdi", "rsi", "rbp", "rbx",
    "rdx", "rax", "rcx", "rsp", "rip", "eflags", "csgsfs", "err", "trapno", "oldmask", "cr2",
)
# fmt: on
FETCH = 16
"""The bit of an x86 page-fault error code that says that an instruction was to be fetched."""

_STACK_POINTER, _INSTRUCTION, _ERROR = (CONTEXT_REGISTERS + 8 * REGISTER_NAMES.index(n) for n in ("rsp", "rip", "err"))
_SIGALRM, _SIGRTMAX = 14, 64
_ASKING = _SIGRTMAX
"""The signal that asks another thread for its frames; its handler is there from the crash on only."""
_GETTID, _GETDENTS64, _TGKILL = 186, 217, 234  # <asm/unistd_64.h>
_GET_NAME = 16  # PR_GET_NAME
_FILE, _FOLDER = os.O_RDONLY | os.O_CLOEXEC, os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY
_RESTART, _SECONDS = 0x10000000, 2  # SA_RESTART; for the alarm
_COLD = "noinline optnone uwtable"
"""It is compiled in each session and runs once at most; at -O0 that takes half of the time."""
_ROUNDS = 300
"""So many milliseconds other threads have to answer."""


def handler(name: str, page: int, walk: int, instruction: int) -> str:
    """The IR of the handler, of the one that other threads run, and of the callback for each frame.

    - It sets an alarm: should the unwinder wait for a lock that the crashed code holds, the process still ends.
    - LLVM's unwinder takes what the instruction before has pushed for not yet pushed, if that is where the signal
      came: for the walk the interrupted instruction is one byte further (libgcc's knows that itself).
    - After a jump to where no code is, the return address is still on top of the stack.
    - A process that JITed code has forked shares the page, and is nobody that anything is to be known of.
    - A thread that crashes while another writes its note waits for the end, as all do that are asked for their
      frames; one that crashes in here ends at once.
    - In the end it raises the signal again, whose default action ends the process: not every instruction that
      trapped would trap again.
    """

    def at(offset: int) -> str:
        return f"inttoptr (i64 {page + offset} to ptr)"

    return f"""
@maps.path = private constant [16 x i8] c"/proc/self/maps\\00"
@task.path = private constant [16 x i8] c"/proc/self/task\\00"
@alarm.set = private constant [16 x i64] [i64 {1 << (_SIGALRM - 1)}, {", ".join(["i64 0"] * 15)}]
@asking = private constant {{ ptr, [16 x i64], i32, ptr }}
  {{ ptr @"{name}.thread", [16 x i64] zeroinitializer, i32 {SIGINFO | ONSTACK | _RESTART}, ptr null }}
declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)
declare i32 @alarm(i32)
declare i32 @raise(i32)
declare ptr @signal(i32, ptr)
declare i32 @sigaction(i32, ptr, ptr)
declare i32 @pthread_sigmask(i32, ptr, ptr)
declare i32 @pause()
declare i32 @usleep(i32)
declare i32 @atoi(ptr)
declare i32 @getpid()
declare ptr @__errno_location()
declare i64 @pthread_self()
declare i32 @prctl(i32, ...)
declare i64 @syscall(i64, ...)
declare i32 @open(ptr, i32, ...)
declare i64 @read(i32, ptr, i64)
declare i32 @close(i32)

define internal i32 @frame(ptr %context, ptr %slot) {_COLD} {{
  %count.at = getelementptr i8, ptr %slot, i64 {COUNT}
  %count = load i32, ptr %count.at
  %full = icmp sge i32 %count, {DEPTH}
  br i1 %full, label %stop, label %note
note:
  %address = call i64 inttoptr (i64 {instruction} to ptr)(ptr %context)
  %frames = getelementptr i8, ptr %slot, i64 {FRAMES}
  %place = getelementptr i64, ptr %frames, i32 %count
  store i64 %address, ptr %place
  %next = add i32 %count, 1
  store i32 %next, ptr %count.at
  ret i32 0
stop:
  ret i32 5
}}

define internal void @walk(ptr %slot, ptr %context) {_COLD} {{
  %name = getelementptr i8, ptr %slot, i64 {NAME}
  call i32 (i32, ...) @prctl(i32 {_GET_NAME}, ptr %name)
  %rip.at = getelementptr i8, ptr %context, i64 {_INSTRUCTION}
  %rip = load i64, ptr %rip.at
  %ip = getelementptr i8, ptr %slot, i64 {IP}
  store i64 %rip, ptr %ip
  %behind = add i64 %rip, 1
  store volatile i64 %behind, ptr %rip.at
  call i32 inttoptr (i64 {walk} to ptr)(ptr @frame, ptr %slot)
  store volatile i64 %rip, ptr %rip.at
  %done = getelementptr i8, ptr %slot, i64 {DONE}
  store atomic i32 1, ptr %done release, align 4
  ret void
}}

define internal i32 @own_id() {_COLD} {{
  %id = call i64 (i64, ...) @syscall(i64 {_GETTID})
  %short = trunc i64 %id to i32
  ret i32 %short
}}

define internal ptr @slot(i32 %index) {_COLD} {{
  %wide = zext i32 %index to i64
  %offset = mul i64 %wide, {SLOT_SIZE}
  %slot = getelementptr i8, ptr {at(SLOTS)}, i64 %offset
  ret ptr %slot
}}

define internal void @"{name}.thread"(i32 %signal, ptr %info, ptr %context) {_COLD} {{
  %own = call i32 @own_id()
  %count = load i32, ptr {at(THREADS)}
  br label %next
next:
  %index = phi i32 [ 1, %0 ], [ %after, %look ]
  %more = icmp slt i32 %index, %count
  br i1 %more, label %look, label %out
look:
  %slot = call ptr @slot(i32 %index)
  %id = load i32, ptr %slot
  %found = icmp eq i32 %id, %own
  %after = add i32 %index, 1
  br i1 %found, label %walk, label %next
walk:
  call void @walk(ptr %slot, ptr %context)
  br label %out
out: ; what this thread would do now is of no use to anybody
  call i32 @pause()
  br label %out
}}

define internal void @note_maps() {_COLD} {{
  %file = call i32 (ptr, i32, ...) @open(ptr @maps.path, i32 {_FILE})
  br label %more
more:
  %size = phi i64 [ 0, %0 ], [ %sum, %read ]
  %place = getelementptr i8, ptr {at(MAPS)}, i64 %size
  %room = sub i64 {MAPS_ROOM}, %size
  %got = call i64 @read(i32 %file, ptr %place, i64 %room)
  %good = icmp sgt i64 %got, 0
  br i1 %good, label %read, label %done
read:
  %sum = add i64 %size, %got
  br label %more
done:
  store i64 %size, ptr {at(MAPS_SIZE)}
  call i32 @close(i32 %file)
  ret void
}}

define internal void @note_threads(i32 %own) {_COLD} {{
  %entries = alloca [4096 x i8], align 16
  store i32 1, ptr {at(THREADS)}
  call i32 @sigaction(i32 {_ASKING}, ptr @asking, ptr null)
  %folder = call i32 (ptr, i32, ...) @open(ptr @task.path, i32 {_FOLDER})
  br label %read
read:
  %got = call i64 (i64, ...) @syscall(i64 {_GETDENTS64}, i32 %folder, ptr %entries, i64 4096)
  %good = icmp sgt i64 %got, 0
  br i1 %good, label %entry, label %listed
entry:
  %offset = phi i64 [ 0, %read ], [ %behind, %added ]
  %at = getelementptr i8, ptr %entries, i64 %offset
  %length.at = getelementptr i8, ptr %at, i64 16 ; struct linux_dirent64: d_reclen, and d_name at 19
  %length = load i16, ptr %length.at
  %wide = zext i16 %length to i64
  %behind = add i64 %offset, %wide
  %name = getelementptr i8, ptr %at, i64 19
  %id = call i32 @atoi(ptr %name)
  %number = icmp sgt i32 %id, 0
  %other = icmp ne i32 %id, %own
  %count = load i32, ptr {at(THREADS)}
  %room = icmp slt i32 %count, {SLOT_COUNT}
  %counts = and i1 %number, %other
  %wanted = and i1 %counts, %room
  br i1 %wanted, label %add, label %added
add:
  %slot = call ptr @slot(i32 %count)
  store i32 %id, ptr %slot
  %more = add i32 %count, 1
  store i32 %more, ptr {at(THREADS)}
  br label %added
added:
  %left = icmp slt i64 %behind, %got
  br i1 %left, label %entry, label %read
listed:
  call i32 @close(i32 %folder)
  %process = call i32 @getpid()
  %threads = load i32, ptr {at(THREADS)}
  br label %next
next:
  %index = phi i32 [ 1, %listed ], [ %after, %ask ]
  %unasked = icmp slt i32 %index, %threads
  br i1 %unasked, label %ask, label %round
ask:
  %asked = call ptr @slot(i32 %index)
  %target = load i32, ptr %asked
  call i64 (i64, ...) @syscall(i64 {_TGKILL}, i32 %process, i32 %target, i32 {_ASKING})
  %after = add i32 %index, 1
  br label %next
round:
  %turn = phi i32 [ 0, %next ], [ %again, %sleep ]
  %patient = icmp slt i32 %turn, {_ROUNDS}
  br i1 %patient, label %check, label %done
check:
  %checked = phi i32 [ 1, %round ], [ %following, %answer ]
  %unchecked = icmp slt i32 %checked, %threads
  br i1 %unchecked, label %answer, label %done
answer:
  %asked.again = call ptr @slot(i32 %checked)
  %done.at = getelementptr i8, ptr %asked.again, i64 {DONE}
  %answered = load atomic i32, ptr %done.at acquire, align 4
  %is.done = icmp ne i32 %answered, 0
  %following = add i32 %checked, 1
  br i1 %is.done, label %check, label %sleep
sleep:
  call i32 @usleep(i32 1000)
  %again = add i32 %turn, 1
  br label %round
done:
  ret void
}}

define void @"{name}"(i32 %signal, ptr %info, ptr %context) {_COLD} {{
  %process = call i32 @getpid()
  %worker = load i32, ptr {at(WORKER)}
  %ours = icmp eq i32 %process, %worker
  br i1 %ours, label %enter, label %end
enter:
  %own = call i32 @own_id()
  %claim = cmpxchg ptr {at(OWNER)}, i32 0, i32 %own seq_cst seq_cst
  %owner = extractvalue {{ i32, i1 }} %claim, 0
  %first = extractvalue {{ i32, i1 }} %claim, 1
  br i1 %first, label %note, label %second
second:
  %self = icmp eq i32 %owner, %own
  br i1 %self, label %end, label %wait
wait:
  call i32 @pause()
  br label %wait
note:
  %errno.at = call ptr @__errno_location()
  %errno = load i32, ptr %errno.at
  store i32 %errno, ptr {at(ERRNO)}
  call ptr @signal(i32 {_SIGALRM}, ptr null)
  call i32 @pthread_sigmask(i32 1, ptr @alarm.set, ptr null)
  call i32 @alarm(i32 {_SECONDS})
  store i32 %signal, ptr {at(SIGNAL)}
  call void @llvm.memcpy.p0.p0.i64(ptr {at(INFO)}, ptr %info, i64 128, i1 false)
  %registers = getelementptr i8, ptr %context, i64 {CONTEXT_REGISTERS}
  call void @llvm.memcpy.p0.p0.i64(ptr {at(REGISTERS)}, ptr %registers, i64 {8 * len(REGISTER_NAMES)}, i1 false)
  %slot = call ptr @slot(i32 0)
  store i32 %own, ptr %slot
  store i32 %process, ptr {at(PROCESS)}
  %self.address = call i64 @pthread_self()
  store i64 %self.address, ptr {at(SELF)}
  %error.at = getelementptr i8, ptr %context, i64 {_ERROR}
  %error = load i64, ptr %error.at
  %fetch = and i64 %error, {FETCH}
  %jumped = icmp ne i64 %fetch, 0
  br i1 %jumped, label %caller, label %walk
caller:
  %stack.at = getelementptr i8, ptr %context, i64 {_STACK_POINTER}
  %stack = load ptr, ptr %stack.at
  %return = load i64, ptr %stack
  store i64 %return, ptr {at(RETURN)}
  br label %walk
walk:
  call void @walk(ptr %slot, ptr %context)
  call void @note_maps()
  call void @note_threads(i32 %own)
  br label %end
end:
  call ptr @signal(i32 %signal, ptr null)
  call i32 @raise(i32 %signal)
  ret void
}}
"""
