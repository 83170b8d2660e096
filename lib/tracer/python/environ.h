/* Keeping the tracer's own variable out of the program's sight. */
#ifndef PMT_TRACER_PYTHON_ENVIRON_H
#define PMT_TRACER_PYTHON_ENVIRON_H

/* Takes PYMEMTRACE_RUN out of posix.environ, of which os makes os.environ, and out of
 * os.environ if os is there already. The process's own environment, which exec'ed
 * children inherit, keeps it. */
void pmt_environ_hide_gil(void);

#endif
