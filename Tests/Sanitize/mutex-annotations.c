// Preloaded under ThreadSanitizer: tells it what Swift's Mutex does where a thread waits. There the kernel hands the lock over
// (FUTEX_LOCK_PI, in libswiftSynchronization, which is not instrumented), and every value behind a contended lock would be
// reported as a race. Source: _MutexHandle in the Swift project's stdlib/public/Synchronization/Mutex/LinuxImpl.swift.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>

#define HANDLE "$s15Synchronization12_MutexHandleV"
#define SELF __attribute__((swift_context)) void *self

// Nil in programs that are not instrumented.
void __tsan_acquire(void *) __attribute__((weak));
void __tsan_release(void *) __attribute__((weak));

static void acquired(void *lock) {
  if (__tsan_acquire) __tsan_acquire(lock);
}

__attribute__((swiftcall)) void lock_slow(uint32_t thread, SELF) __asm__(HANDLE "9_lockSlowyys6UInt32VF");
__attribute__((swiftcall)) void unlock_slow(SELF) __asm__(HANDLE "11_unlockSlowyyF");
__attribute__((swiftcall)) bool try_lock_slow(SELF) __asm__(HANDLE "12_tryLockSlowSbyF");

typedef __attribute__((swiftcall)) void (*Lock)(uint32_t thread, SELF);
typedef __attribute__((swiftcall)) void (*Unlock)(SELF);
typedef __attribute__((swiftcall)) bool (*TryLock)(SELF);

__attribute__((swiftcall)) void lock_slow(uint32_t thread, SELF) {
  ((Lock)dlsym(RTLD_NEXT, HANDLE "9_lockSlowyys6UInt32VF"))(thread, self);
  acquired(self);
}

__attribute__((swiftcall)) void unlock_slow(SELF) {
  if (__tsan_release) __tsan_release(self);
  ((Unlock)dlsym(RTLD_NEXT, HANDLE "11_unlockSlowyyF"))(self);
}

__attribute__((swiftcall)) bool try_lock_slow(SELF) {
  bool is_locked = ((TryLock)dlsym(RTLD_NEXT, HANDLE "12_tryLockSlowSbyF"))(self);
  if (is_locked) acquired(self);
  return is_locked;
}
