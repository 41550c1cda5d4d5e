/*-------------------------------------------------------------------------
 *
 * shim.c
 *	  As much of the server as reading a customer_base takes, for the fuzzer.
 *
 * Memory is malloc's, each piece by itself, so that the sanitizer sees every
 * byte read beyond one.  An error jumps back to where the input was given.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <setjmp.h>

#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/memutils.h"
#include "utils/numeric.h"

#include "shim.h"

volatile sig_atomic_t InterruptPending = false;
MemoryContext CurrentMemoryContext = NULL;
jmp_buf		fuzz_error;

/* A list of the pieces, apart from them: so the sanitizer watches both their ends. */
typedef struct Head
{
	void	   *content;
	struct Head *next;
} Head;

static Head *heads;

void
fuzz_free_all(void)
{
	while (heads)
	{
		Head	   *next = heads->next;

		free(heads->content);
		free(heads);
		heads = next;
	}
}

void *
palloc(Size size)
{
	Head	   *head = malloc(sizeof(Head));

	/* what the server would refuse */
	if (size > MaxAllocSize)
		abort();
	head->content = malloc(size);
	head->next = heads;
	heads = head;
	return head->content;
}

/* What readers allocate is no larger than palloc would give. */
void *
MemoryContextAllocHuge(MemoryContext context, Size size)
{
	return palloc(size);
}

void *
palloc0(Size size)
{
	return memset(palloc(size), 0, size);
}

void *
MemoryContextAlloc(MemoryContext context, Size size)
{
	return palloc(size);
}

void *
MemoryContextAllocZero(MemoryContext context, Size size)
{
	return palloc0(size);
}

static Head *
find(void *pointer)
{
	for (Head *head = heads; head; head = head->next)
		if (head->content == pointer)
			return head;
	abort();
}

void
pfree(void *pointer)
{
	Head	   *head = find(pointer);

	free(head->content);
	head->content = NULL;
}

void *
repalloc(void *pointer, Size size)
{
	Head	   *head = find(pointer);

	if (size > MaxAllocSize)
		abort();
	head->content = realloc(head->content, size);
	return head->content;
}

/* ---- strings ---------------------------------------------------------------- */

void
initStringInfo(StringInfo str)
{
	str->maxlen = 1024;
	str->data = palloc(str->maxlen);
	str->len = 0;
	str->cursor = 0;
	str->data[0] = '\0';
}

void
enlargeStringInfo(StringInfo str, int needed)
{
	if (needed < 0 || (Size) needed >= MaxAllocSize - (Size) str->len)
		abort();
	if (str->len + needed + 1 <= str->maxlen)
		return;
	while (str->maxlen < str->len + needed + 1)
		str->maxlen *= 2;
	str->data = repalloc(str->data, str->maxlen);
}

void
appendStringInfoChar(StringInfo str, char ch)
{
	enlargeStringInfo(str, 1);
	str->data[str->len++] = ch;
	str->data[str->len] = '\0';
}

void
appendStringInfoSpaces(StringInfo str, int count)
{
	while (count-- > 0)
		appendStringInfoChar(str, ' ');
}

/* ---- errors ----------------------------------------------------------------- */

bool
errstart(int elevel, const char *domain)
{
	return true;
}

bool
errstart_cold(int elevel, const char *domain)
{
	return true;
}

void
errfinish(const char *filename, int lineno, const char *funcname)
{
	longjmp(fuzz_error, 1);
}

int
errcode(int sqlerrcode)
{
	return 0;
}

int
errmsg(const char *fmt,...)
{
	return 0;
}

/* elog(ERROR): what can't happen */
int
errmsg_internal(const char *fmt,...)
{
	abort();
}

int
errdetail(const char *fmt,...)
{
	return 0;
}

int
errdetail_internal(const char *fmt,...)
{
	return 0;
}

int
errhint(const char *fmt,...)
{
	return 0;
}

void
ExceptionalCondition(const char *condition, const char *type, const char *file, int line)
{
	abort();
}

void
ProcessInterrupts(void)
{
}

/* ---- money as SQL sees it, which reading a value does not come to ------------- */

Datum
DirectFunctionCall1Coll(PGFunction func, Oid collation, Datum arg1)
{
	abort();
}

Datum
DirectFunctionCall3Coll(PGFunction func, Oid collation, Datum arg1, Datum arg2, Datum arg3)
{
	abort();
}

Numeric
int64_div_fast_to_numeric(int64 val1, int log10val2)
{
	abort();
}

Datum
numeric_in(PG_FUNCTION_ARGS)
{
	abort();
}

Datum
numeric_float8_no_overflow(PG_FUNCTION_ARGS)
{
	abort();
}

void
float_overflow_error(void)
{
	abort();
}
