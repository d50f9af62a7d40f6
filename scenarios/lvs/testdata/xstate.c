/*
 * Preloaded into linux.uml, so that it runs on processors with AMX.
 *
 * user-mode-linux 6.1 restores the registers of its processes from a buffer of
 * 2696 bytes, which is all there was until AVX-512 (HOST_FP_SIZE). Linux takes
 * the whole state of the processor or nothing (xstateregs_set), and with AMX
 * that is 11 KiB: the first process dies of "ptrace set fp regs failed, errno =
 * 14". Here the rest is completed with what the process has already.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { PEEKTEXT = 1, PEEKUSER = 3, GETREGSET = 0x4204, SETREGSET = 0x4205 };

long ptrace(int request, ...)
{
	static char state[1 << 16];
	va_list args;
	va_start(args, request);
	int pid = va_arg(args, int);
	void *addr = va_arg(args, void *), *data = va_arg(args, void *);
	va_end(args);

	if (request >= PEEKTEXT && request <= PEEKUSER) { /* as in libc: the word is the result */
		long word;
		if (syscall(SYS_ptrace, request, pid, addr, &word) < 0)
			return -1;
		errno = 0;
		return word;
	}
	long result = syscall(SYS_ptrace, request, pid, addr, data);
	if (result == 0 || errno != EFAULT || request != SETREGSET || (long)addr != NT_X86_XSTATE)
		return result;

	struct iovec *part = data, whole = { state, sizeof(state) };
	if (syscall(SYS_ptrace, GETREGSET, pid, addr, &whole) < 0)
		return -1;
	if (part->iov_len >= whole.iov_len) {
		errno = EFAULT;
		return -1;
	}
	memcpy(state, part->iov_base, part->iov_len);
	return syscall(SYS_ptrace, SETREGSET, pid, addr, &whole);
}
