/*
 * pymemtrace: what a program can say into its own trace.
 *
 * Marks and regions name moments and stretches of time ("request 17", "load model"), so
 * that a report can speak the program's language; pause and resume choose what is traced.
 * A program that calls these runs unchanged without the tracer: no library to link, a
 * call then costs one load and one branch and returns 0.
 *
 *     #include <pymemtrace/pymemtrace.h>
 *
 *     pymemtrace_region_begin("load model");
 *     load_model();
 *     pymemtrace_region_end("load model");
 *
 * and from Python without any package, when the tracer is preloaded:
 *
 *     import ctypes
 *     ctypes.CDLL(None).pymemtrace_mark(b"request 17")
 *
 * How it works. libpymemtrace.so, preloaded, exports the functions below under their own
 * names. This header refers to them weakly under another C name (pymemtrace_weak_*): the
 * dynamic linker leaves the reference 0 when nobody exports it, and the inline functions
 * that you call test for that. Compile the usual way, with -fPIC or -fPIE: in
 * position-dependent code a linker makes weak references 0 for good. (GCC 6 and newer
 * get that right too; clang -fno-pie does not, and the calls then never reach a tracer.)
 *
 * Texts are UTF-8. Up to PYMEMTRACE_TEXT_BYTES_MAX bytes are recorded, of a longer text
 * the whole characters that fit; NULL is as good as "". The text is copied.
 *
 * Every function may be called from any thread, with or without the GIL, from a signal
 * handler and in a forked child; none of them allocates or changes errno, none but dump
 * blocks for longer than the full buffer of a thread does (100 ms at most). There is no
 * error that would need handling: what could not be recorded is counted in the trace as
 * lost.
 */
#ifndef PYMEMTRACE_PYMEMTRACE_H
#define PYMEMTRACE_PYMEMTRACE_H

#define PYMEMTRACE_TEXT_BYTES_MAX 1024

#if defined(PYMEMTRACE_TRACER)
/* The tracer itself: it defines and exports them. */
#define PYMEMTRACE_FUNCTION(name, parameters, arguments, ignore)                         \
	__attribute__((visibility("default"))) int pymemtrace_##name parameters;
#elif defined(__GNUC__) && defined(__ELF__)
#if defined(__clang__)
#define PYMEMTRACE_WEAK __attribute__((weak))
#else
/* noplt: the address comes from the GOT, even in position-dependent code. */
#define PYMEMTRACE_WEAK __attribute__((weak, noplt))
#endif
/* The wrapper's own assembler name keeps a copy that was not inlined from being taken
 * for the tracer's function. */
#define PYMEMTRACE_FUNCTION(name, parameters, arguments, ignore)                         \
	extern int pymemtrace_weak_##name parameters __asm__("pymemtrace_" #name)        \
	    PYMEMTRACE_WEAK;                                                             \
	static inline int pymemtrace_##name parameters __asm__(                          \
	    "pymemtrace_inline_" #name) __attribute__((unused));                         \
	static inline int pymemtrace_##name parameters                                   \
	{                                                                                \
		return pymemtrace_weak_##name ? pymemtrace_weak_##name arguments : 0;    \
	}
#else
/* No weak references, no tracer either. */
#define PYMEMTRACE_FUNCTION(name, parameters, arguments, ignore)                         \
	static inline int pymemtrace_##name parameters                                   \
	{                                                                                \
		ignore return 0;                                                         \
	}
#endif

#ifdef __cplusplus
extern "C" {
#endif

/*
 * int pymemtrace_mark(const char *text);
 * Names this moment of the calling thread. 1 when it was recorded, 0 when not: without a
 * tracer, in a process that is not traced, or when there was no room (then counted as
 * lost). Marks and regions are recorded while tracing is paused too.
 */
PYMEMTRACE_FUNCTION(mark, (const char *text), (text), (void)text;)

/*
 * int pymemtrace_region_begin(const char *text);
 * int pymemtrace_region_end(const char *text);
 * A stretch of time in the calling thread. Regions may nest; an end closes the innermost
 * open region of the same text in the same thread, an end without one is kept as a mark.
 * They return as pymemtrace_mark does.
 */
PYMEMTRACE_FUNCTION(region_begin, (const char *text), (text), (void)text;)
PYMEMTRACE_FUNCTION(region_end, (const char *text), (text), (void)text;)

/*
 * int pymemtrace_pause(void);
 * int pymemtrace_resume(void);
 * Stop and go on with the events of all threads of the process. What happens in between
 * is still counted and appears as one sum in front of the first event after it; samples
 * go on. They do not nest: one resume ends any number of pauses. They return 1 when
 * tracing was on before the call, 0 when it was paused or there is no tracer.
 */
PYMEMTRACE_FUNCTION(pause, (void), (), )
PYMEMTRACE_FUNCTION(resume, (void), (), )

/*
 * int pymemtrace_active(void);
 * 1 while this process is traced and not paused, else 0: to leave out the work of making
 * a text that nobody would record.
 */
PYMEMTRACE_FUNCTION(active, (void), (), )

/*
 * int pymemtrace_dump(void);
 * Writes what the tracer knows into the trace now, before it returns: events that wait in
 * its buffers, and the sums that it keeps in the process (detail=tree, detail=live,
 * mode=refs). 1 when it was written, 0 when not. It takes as long as the file takes.
 */
PYMEMTRACE_FUNCTION(dump, (void), (), )

#ifdef __cplusplus
}
#endif

#undef PYMEMTRACE_FUNCTION
#undef PYMEMTRACE_WEAK

#endif
