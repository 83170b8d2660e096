/*
 * Where CPython 3.12 and newer keep the running thread state: a variable of each thread,
 * asked for by PyThreadState_GetUnchecked, which costs a shared libpython two calls.
 * Where the word lies is found once, and read straight after that.
 */
#ifndef PMT_TRACER_PYTHON_STATE_WORD_H
#define PMT_TRACER_PYTHON_STATE_WORD_H

/* A thread's word: its state, NULL without the GIL. */
typedef void *const pmt_state_word;

/* Looks for the word among libpython's thread variables. With the GIL, at the attachment;
 * before it, and where it finds nothing, no thread has a word. */
void pmt_state_word_find_gil(void);

/* The calling thread's word, NULL where it cannot be told: the thread has no state just
 * now, or the word was not found, or does not say what the function says. In malloc. */
pmt_state_word *pmt_state_word_self(void);

#endif
