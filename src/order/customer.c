/*-------------------------------------------------------------------------
 *
 * customer.c
 *	  A customer's key -> identity, for the keys that are not one word.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "order/customer.h"

#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "pg/call.h"
#include "pg/compat.h"
#include "port/pg_bswap.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"
#include "utils/uuid.h"

/* A library of headers alone: nothing to link, nothing to install but us. */
#define XXH_INLINE_ALL
#include <xxhash.h>

/*
 * Texts longer than this, in bytes, take a hash that nobody can make collide.
 * It costs as much as three rows; no shop's numbers and hardly an e-mail
 * address is as long.
 */
#define FAST_TEXT_MAX	64

/* For collations that fold; two seeds, any two that never change. */
#define TEXT_SEED_HASH	INT64CONST(0x72657465)
#define TEXT_SEED_LOW	INT64CONST(0x6e74696f)

/*
 * Does the collation call different byte strings equal?  Where none is known, as
 * behind Citus, which hands a row to the aggregate of a shard, the database's own
 * is meant, and that never does.
 */
bool
retention_text_is_folded(Oid collation)
{
	return OidIsValid(collation) && !get_collation_isdeterministic(collation);
}

/*
 * Is a text that is about to be a key one of another type, taken for a text
 * without being asked, whose values are equal where their texts are not?  That
 * is citext; what is of a domain, or a varchar, compares as a text does.
 *
 * (Of email::varchar the planner leaves what it leaves of email: one relabelling
 * from citext to text, that nobody has asked for.  So it's refused, too, and said
 * what to write.)
 */
static void
check_key_expression(Node *expr)
{
	RelabelType *relabel = (RelabelType *) expr;
	Oid			type;

	if (!IsA(expr, RelabelType) || relabel->relabelformat != COERCE_IMPLICIT_CAST)
		return;
	type = getBaseType(exprType((Node *) relabel->arg));
	if (type == TEXTOID || type == VARCHAROID ||
		lookup_type_cache(type, TYPECACHE_EQ_OPR)->eq_opr == TextEqualOperator)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("customers of type %s are not told apart by their texts", format_type_be(type)),
			 errhint("Give what tells them apart, such as lower(email)::text of a citext, or email::text if letters are to be told apart from capitals; a cast to varchar is not enough.")));
}

/*
 * Called when a state begins, by a transition function whose keys are texts.
 * The function can't know what it's given but for its declared type; the call
 * of the aggregate does, where there is one to be seen.
 */
void
retention_check_text_key(FunctionCallInfo fcinfo)
{
	ListCell   *lc;

	foreach(lc, retention_aggregate_calls(fcinfo))
	{
		Node	   *call = (Node *) lfirst(lc);

		if (IsA(call, Aggref) && ((Aggref *) call)->args)
			check_key_expression((Node *) linitial_node(TargetEntry, ((Aggref *) call)->args)->expr);
		else if (IsA(call, WindowFunc) && ((WindowFunc *) call)->args)
			check_key_expression((Node *) linitial(((WindowFunc *) call)->args));
	}
}

/*
 * A mixing of 128 bits that can be undone: given hash and low, the first
 * half of the uuid follows.
 */
Identity
retention_identity_uuid(Datum key)
{
	pg_uuid_t  *uuid = DatumGetUUIDP(key);
	Identity	identity;
	uint64		half[2];

	memcpy(half, uuid->data, sizeof(half));
	identity.low = pg_ntoh64(half[1]);
	identity.hash = customer_mix(pg_ntoh64(half[0]) ^ customer_mix(identity.low));
	return identity;
}

/* The first half of SHA-256. */
static Identity
identity_of_long(text *value)
{
	bytea	   *digest = DatumGetByteaPP(DirectFunctionCall1(sha256_bytea,
															 PointerGetDatum(value)));
	Identity	identity;
	uint64		half[2];

	memcpy(half, VARDATA_ANY(digest), sizeof(half));
	identity.hash = pg_ntoh64(half[0]);
	identity.low = pg_ntoh64(half[1]);
	pfree(digest);
	return identity;
}

Identity
retention_identity_text(Datum key, Oid collation, bool folded)
{
	text	   *value = DatumGetTextPP(key);
	Identity	identity;

	if (unlikely(!folded && VARSIZE_ANY_EXHDR(value) > FAST_TEXT_MAX))
		identity = identity_of_long(value);
	else if (likely(!folded))
	{
		/* under a deterministic collation texts are equal if their bytes are */
		XXH128_hash_t hash = XXH3_128bits(VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));

		identity.hash = hash.high64;
		identity.low = hash.low64;
	}
	else
	{
		identity.hash = DatumGetUInt64(DirectFunctionCall2Coll(hashtextextended, collation,
															   PointerGetDatum(value),
															   Int64GetDatum(TEXT_SEED_HASH)));
		identity.low = DatumGetUInt64(DirectFunctionCall2Coll(hashtextextended, collation,
															  PointerGetDatum(value),
															  Int64GetDatum(TEXT_SEED_LOW)));
	}

	/* A value brought from the TOAST table can be large; don't wait for a reset. */
	if ((Pointer) value != DatumGetPointer(key))
		pfree(value);
	return identity;
}

/* For messages. */
const char *
retention_key_name(KeyKind kind)
{
	switch (kind)
	{
		case KEY_NONE:
			return "no customer key";
		case KEY_INT8:
			return "bigint customers";
		case KEY_UUID:
			return "uuid customers";
		case KEY_TEXT:
			return "text customers";
		case KEY_TEXT_FOLDED:
			return "text customers under a nondeterministic collation";
	}
	pg_unreachable();
}
