/*-------------------------------------------------------------------------
 *
 * value.c
 *	  Fuzzing the input of customer_base: any bytes are an error or a value.
 *
 * The input is what recv gets.  If its first byte is odd it is also taken as
 * the text that in gets.  What is accepted has to be read to its end without
 * an error, to add up, and to be its own packed form: retention_packed_validate
 * says so, and here it is read again without it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/packed.h"
#include "common/base64.h"
#include "pg/compat.h"

#include "shim.h"

static struct varlena *
copy_value(const uint8 *data, size_t size)
{
	struct varlena *value = palloc(VARHDRSZ + size);

	SET_VARSIZE(value, VARHDRSZ + size);
	memcpy(VARDATA(value), data, size);
	return value;
}

static void
read_value(const struct varlena *value)
{
	Unpacker	unpacker;
	uint64	   *entry;
	int64		entries = 0;
	int64		customers = 0;

	retention_packed_validate(value);

	retention_unpack_begin(&unpacker, value);
	entry = palloc(unpacker.stride * sizeof(uint64));
	while (retention_unpack_next(&unpacker, entry))
	{
		entries++;
		customers += entry[unpacker.key_words] > 0;
		if (entry[0] > unpacker.totals.bound)
			abort();
	}
	if (entries != unpacker.totals.entries ||
		(unpacker.totals.key != KEY_NONE && customers != unpacker.totals.customers))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8 *data, size_t size)
{
	if (size > 1 << 16)
		return 0;
	if (setjmp(fuzz_error) == 0)
		read_value(copy_value(data, size));
	if (setjmp(fuzz_error) == 0 && size > 0 && data[0] % 2 == 1)
	{
		struct varlena *value = palloc(VARHDRSZ + size);
		int			bytes = compat_b64_decode((const char *) data, size, VARDATA(value), size);

		if (bytes >= 0)
		{
			SET_VARSIZE(value, VARHDRSZ + bytes);
			read_value(value);
		}
	}
	fuzz_free_all();
	return 0;
}
