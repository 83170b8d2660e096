/* Compiler facts in one place: attributes and branch hints used by both worlds. */
#ifndef PMT_BASE_ATTR_H
#define PMT_BASE_ATTR_H

#define PMT_LIKELY(x)   __builtin_expect(!!(x), 1)
#define PMT_UNLIKELY(x) __builtin_expect(!!(x), 0)

#define PMT_EXPORT __attribute__((visibility("default")))
/* For declarations of data: -fvisibility=hidden covers definitions only, and without this
 * every access elsewhere goes through the global offset table. */
#define PMT_HIDDEN            __attribute__((visibility("hidden")))
#define PMT_MUST_CHECK        __attribute__((warn_unused_result))
#define PMT_NOINLINE          __attribute__((noinline))
#define PMT_COLD              __attribute__((noinline, cold))
#define PMT_INLINE            static inline __attribute__((always_inline))
#define PMT_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

/*
 * Thread-local state of the tracer. Initial-exec, because the default model of
 * -fPIC code calls __tls_get_addr (5 ns more per malloc and free pair) and that
 * call may itself allocate.
 */
#define PMT_TLS __thread __attribute__((tls_model("initial-exec")))

#define PMT_CACHE_LINE_BYTES 64

#endif
