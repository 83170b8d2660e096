/*
 * Another tool that takes the place of CPython's frame evaluator (PEP 523): a library for
 * ctypes. With the ABI of 3.9 to 3.11 its evaluator takes three arguments, of 3.8 two;
 * either is passed on.
 */
typedef void *evaluator_fn(void *first, void *second, int third);

extern evaluator_fn *next;
extern unsigned long evaluated_count;
void *evaluate(void *first, void *second, int third);

evaluator_fn *next; /* what evaluate passes every frame on to */
unsigned long evaluated_count;

void *evaluate(void *first, void *second, int third)
{
	evaluated_count++;
	return next(first, second, third);
}
