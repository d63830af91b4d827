/*
 * User Mode Linux hands a processor's registers on in the size that it was built for. Linux takes the whole of them alone (EFAULT), which
 * is more where the processor has matrices (AMX). So the rest is read from the process first. Loaded before the kernel by LD_PRELOAD.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <elf.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/uio.h>

long ptrace(enum __ptrace_request request, ...) {
  static long (*system_call)(enum __ptrace_request, pid_t, void *, void *);
  if (!system_call) system_call = dlsym(RTLD_NEXT, "ptrace");
  va_list list;
  va_start(list, request);
  pid_t pid = va_arg(list, pid_t);
  void *set = va_arg(list, void *);
  void *data = va_arg(list, void *);
  va_end(list);
  if (request == PTRACE_SETREGSET && (long)set == NT_X86_XSTATE) {
    static char registers[1 << 16];
    struct iovec *given = data, whole = {registers, sizeof registers};
    if (system_call(PTRACE_GETREGSET, pid, set, &whole) == 0 && given->iov_len < whole.iov_len) {
      memcpy(registers, given->iov_base, given->iov_len);
      data = &whole;
    }
  }
  return system_call(request, pid, set, data);
}
