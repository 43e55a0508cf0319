	.globl	answer
	.type	answer, @function
answer:
	movl	$42, %eax
	ret
	.section	.note.GNU-stack, "", @progbits
