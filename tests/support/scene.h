/*
 * Scenes: traces written as text, for tests of the analysis and the report. One statement
 * a line, '#' begins a comment; numbers may carry K M G (bytes) or us ms s (ticks: the
 * scene's clock has 1 ns ticks).
 *
 *   process pid=100 generation=0 page=4096 at=TICK how=exit status=0
 *                                  first of all; how=none: no end record
 *   info KEY TEXT...             "|" stands for NUL, between arguments
 *   code ID FILE LINE NAME...      ccode ID NAME...   (FILE "-" is empty; \\xHH a byte)
 *   module ID FILE BUILD-ID ADDRESS          a library that was loaded (native=1)
 *   stream 1 at=1ms tid=101 main name=MainThread rss=exact
 *                                  what follows is stream 1's; the words on first use
 *   start ID | resume ID | throw ID | return | yield | unwind | line N | ccall ID |
 *   creturn | craise               and on each: +TICKS alloc=BYTES/COUNT
 *                                  free=BYTES/COUNT obj=BYTES/COUNT rss=PAGES map=BYTES
 *                                  fmap=BYTES
 *   point op=start code=ID from=ID depth=N skipped=N line=N from_line=N
 *                                            and the same
 *   malloc ADDRESS BYTES stack=ID domain=raw|mem|obj usable=BYTES
 *                                  free ADDRESS
 *   mmap ADDRESS BYTES stack=ID kind=mmap|file|reserved|shared|arena
 *                                  munmap ADDRESS BYTES
 *                                            and on each +TICKS and the changes above
 *   stack ID parent=ID code=ID offset=N
 *   mark TEXT... | region TEXT... | endregion TEXT... | pause | continue DEPTH LOWEST
 *   gc start|stop|gone|back GENERATION collected= uncollectable= took= interpreter=
 *                                  and +TICKS and the changes above
 *   loss CAUSE COUNT DEPTH [LOWEST]
 *   checkpoint [+TICKS]            with the depth and sums that are true by then
 *   sample +TICKS rss= vms= peak= heap= mapped= shared= minor= major= user= system=
 *          threads=                in stream 0
 *   node stream= id= parent= code= calls= up=PAGES  and deltas; in stream 0
 *   type ID NAME basic=BYTES item=BYTES module=NAME
 *   counts ID new= new_bytes= deleted= deleted_bytes= earlier= missed=   in stream 0
 *   sums tid=TID                   and deltas: a thread without a stream; in stream 0
 *   chunk                          ends the stream's chunk
 *   drop                           ends it and leaves it out of the file
 *   times N ... done               repeats, may be nested
 */
#ifndef PMT_TESTS_SUPPORT_SCENE_H
#define PMT_TESTS_SUPPORT_SCENE_H

#include "support/records.h"

/* Appends the trace that text describes. A statement that makes no sense ends the
 * program with its line number. codec: enum pmt_codec. */
void test_scene_build(const char *text, unsigned codec, struct test_bytes *trace);

#endif
