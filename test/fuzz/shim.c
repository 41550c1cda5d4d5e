/*-------------------------------------------------------------------------
 *
 * shim.c
 *	  As much of the server as reading values takes, for the fuzzer.
 *
 * Memory is malloc's, each piece by itself, so that the sanitizer sees every
 * byte read beyond one.  There is a limit to it, of what an input may have at
 * a time: a value must not make the server allocate what it only claims.  An
 * error jumps back to where the input was given.
 *
 * What the linker does not find is no mistake: it belongs to parts of the
 * module's files that reading does not come to.  Should it ever be called, it
 * is a call of nothing, which the sanitizer reports.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <setjmp.h>

#include "common/sha2.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "pg/value_functions.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/expandeddatum.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"

#include "shim.h"

#define MAX_INPUT_BYTES		(1 << 16)
#define MEMORY_LIMIT(input_bytes) ((Size) 64 * 1024 * 1024 + (input_bytes) * 64)

volatile sig_atomic_t InterruptPending = false;
MemoryContext CurrentMemoryContext = NULL;
bool		fuzz_error_allowed;

static jmp_buf error;

/* ---- memory ----------------------------------------------------------------- */

/* A list of the pieces, apart from them: so the sanitizer watches both their ends. */
typedef struct Head
{
	void	   *content;
	Size		size;
	struct Head *next;
} Head;

static Head *heads;
static Size allocated;			/* in all pieces */
static Size limit;

static void
free_all(void)
{
	while (heads)
	{
		Head	   *next = heads->next;

		free(heads->content);
		free(heads);
		heads = next;
	}
	allocated = 0;
}

static void
count_size(Head *head, Size size)
{
	allocated = allocated - head->size + size;
	head->size = size;
	if (size > MaxAllocHugeSize || allocated > limit)
		abort();
}

void *
MemoryContextAllocHuge(MemoryContext context, Size size)
{
	Head	   *head = calloc(1, sizeof(Head));

	count_size(head, size);
	head->content = malloc(size);
	head->next = heads;
	heads = head;
	return head->content;
}

static Head *
find(void *pointer)
{
	for (Head *head = heads; pointer && head; head = head->next)
		if (head->content == pointer)
			return head;
	abort();
}

void *
repalloc_huge(void *pointer, Size size)
{
	Head	   *head = find(pointer);

	count_size(head, size);
	head->content = realloc(head->content, size);
	return head->content;
}

void
pfree(void *pointer)
{
	Head	   *head = find(pointer);

	count_size(head, 0);
	free(head->content);
	head->content = NULL;
}

/* What the server would refuse. */
static Size
ordinary_size(Size size)
{
	if (size > MaxAllocSize)
		abort();
	return size;
}

void *
palloc(Size size)
{
	return MemoryContextAllocHuge(NULL, ordinary_size(size));
}

void *
palloc_extended(Size size, int flags)
{
	return MemoryContextAllocHuge(NULL, flags & MCXT_ALLOC_HUGE ? size : ordinary_size(size));
}

void *
palloc0(Size size)
{
	return memset(palloc(size), 0, size);
}

char *
pnstrdup(const char *text, Size length)
{
	Size		size = strnlen(text, length);
	char	   *copy = palloc(size + 1);

	memcpy(copy, text, size);
	copy[size] = '\0';
	return copy;
}

void *
repalloc(void *pointer, Size size)
{
	return repalloc_huge(pointer, ordinary_size(size));
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

/* All contexts are one, and there is always enough left. */
MemoryContext
AllocSetContextCreateInternal(MemoryContext parent, const char *name, Size min_size,
							  Size first_size, Size max_size)
{
	return NULL;
}

void
MemoryContextSetIdentifier(MemoryContext context, const char *identifier)
{
}

/* What is in it goes when all does. */
void
MemoryContextDelete(MemoryContext context)
{
}

MemoryContext
MemoryContextGetParent(MemoryContext context)
{
	return NULL;
}

Size
MemoryContextMemAllocated(MemoryContext context, bool recurse)
{
	return 0;
}

size_t
get_hash_memory_limit(void)
{
	return MaxAllocHugeSize;
}

/* ---- values ----------------------------------------------------------------- */

/* The inputs are neither compressed nor anywhere else. */
struct varlena *
pg_detoast_datum(struct varlena *value)
{
	return value;
}

struct varlena *
pg_detoast_datum_packed(struct varlena *value)
{
	return value;
}

void
EOH_init_header(ExpandedObjectHeader *object, const ExpandedObjectMethods *methods,
				MemoryContext context)
{
	varatt_expanded pointer = {object};

	object->vl_len_ = EOH_HEADER_MAGIC;
	object->eoh_methods = methods;
	object->eoh_context = context;
	SET_VARTAG_EXTERNAL(object->eoh_rw_ptr, VARTAG_EXPANDED_RW);
	memcpy(VARDATA_EXTERNAL(object->eoh_rw_ptr), &pointer, sizeof(pointer));
	SET_VARTAG_EXTERNAL(object->eoh_ro_ptr, VARTAG_EXPANDED_RO);
	memcpy(VARDATA_EXTERNAL(object->eoh_ro_ptr), &pointer, sizeof(pointer));
}

/* As with a context. */
void
DeleteExpandedObject(Datum datum)
{
}

/* The calendar, which the server has to itself: from the Julian day and to it. */
void
j2date(int jd, int *year, int *month, int *day)
{
	/* days of a year that begins in March, 400 of which are a cycle */
	int64		days = (int64) jd - 1721120;
	int64		cycle = days / 146097 - (days % 146097 < 0);
	int			rest = (int) (days - cycle * 146097);
	int			years = (rest - rest / 1460 + rest / 36524 - rest / 146096) / 365;
	int			months;

	rest -= years * 365 + years / 4 - years / 100;
	months = (5 * rest + 2) / 153;
	*day = rest - (153 * months + 2) / 5 + 1;
	*month = months < 10 ? months + 3 : months - 9;
	*year = (int) (cycle * 400 + years + (*month <= 2));
}

int
date2j(int year, int month, int day)
{
	int			years = month < 3 ? year - 1 : year;
	int			cycle = years / 400 - (years % 400 < 0);
	int			rest = years - cycle * 400;

	return 1721120 + cycle * 146097 + rest * 365 + rest / 4 - rest / 100 +
		(153 * (month < 3 ? month + 9 : month - 3) + 2) / 5 + day - 1;
}

/* ---- texts ------------------------------------------------------------------ */

int
GetDatabaseEncoding(void)
{
	return PG_UTF8;
}

bool
pg_verify_mbstr(int encoding, const char *text, int length, bool no_error)
{
	return pg_encoding_verifymbstr(encoding, text, length) == length;
}

text *
cstring_to_text_with_len(const char *bytes, int length)
{
	text	   *result = palloc(VARHDRSZ + length);

	SET_VARSIZE(result, VARHDRSZ + length);
	memcpy(VARDATA(result), bytes, length);
	return result;
}

/* Of nothing but zeros: a text that is long enough to take this is nobody's here. */
Datum
sha256_bytea(PG_FUNCTION_ARGS)
{
	struct varlena *digest = palloc0(VARHDRSZ + PG_SHA256_DIGEST_LENGTH);

	SET_VARSIZE(digest, VARHDRSZ + PG_SHA256_DIGEST_LENGTH);
	return PointerGetDatum(digest);
}

Datum
DirectFunctionCall1Coll(PGFunction function, Oid collation, Datum argument)
{
	LOCAL_FCINFO(fcinfo, 1);

	InitFunctionCallInfoData(*fcinfo, NULL, 1, collation, NULL, NULL);
	fcinfo->args[0].value = argument;
	fcinfo->args[0].isnull = false;
	return function(fcinfo);
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
	if (!fuzz_error_allowed)
		abort();
	longjmp(error, 1);
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

/* The same for each input, so that what was found is found again. */
bool
pg_strong_random(void *buffer, size_t length)
{
	for (size_t i = 0; i < length; i++)
		((uint8 *) buffer)[i] = (uint8) (37 * i + 11);
	return true;
}

/* ---- the input -------------------------------------------------------------- */

void
fuzz_must_be_same(const struct varlena *value, const struct varlena *other)
{
	if (VARSIZE_ANY_EXHDR(value) != VARSIZE_ANY_EXHDR(other) ||
		memcmp(VARDATA_ANY(value), VARDATA_ANY(other), VARSIZE_ANY_EXHDR(value)) != 0)
		abort();
}

/* The bytes that recv is given, or those that the text form stands for. */
static void
fuzz_input(const uint8 *data, size_t size, bool is_text)
{
	if (setjmp(error) == 0)
	{
		struct varlena *value;

		fuzz_error_allowed = true;
		if (is_text)
			value = retention_value_of_text(pnstrdup((const char *) data, size));
		else
		{
			value = palloc(VARHDRSZ + size);
			SET_VARSIZE(value, VARHDRSZ + size);
			memcpy(VARDATA(value), data, size);
		}
		if (value)
			fuzz_value(value);
	}
	free_all();
}

int
LLVMFuzzerTestOneInput(const uint8 *data, size_t size)
{
	if (size > MAX_INPUT_BYTES)
		return 0;
	limit = MEMORY_LIMIT(size);
	fuzz_input(data, size, false);
	fuzz_input(data, size, true);
	return 0;
}
