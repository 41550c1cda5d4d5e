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
#include "nodes/execnodes.h"
#include "nodes/nodeFuncs.h"
#include "nodes/plannodes.h"
#include "optimizer/tlist.h"
#include "parser/parse_coerce.h"
#include "pg/calling_query.h"
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
check_key_expression(Node *expr, const char *what)
{
	RelabelType *relabel = (RelabelType *) expr;
	Oid			type;

	if (!IsA(expr, RelabelType) || relabel->resulttype != TEXTOID ||
		relabel->relabelformat != COERCE_IMPLICIT_CAST)
		return;
	type = getBaseType(exprType((Node *) relabel->arg));
	if (type == TEXTOID || type == VARCHAROID ||
		lookup_type_cache(type, TYPECACHE_EQ_OPR)->eq_opr == TextEqualOperator)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("%s of type %s are not told apart by their texts", what, format_type_be(type)),
			 errhint("Give what tells them apart, such as lower(email)::text of a citext, or email::text if letters are to be told apart from capitals; a cast to varchar is not enough.")));
}

/*
 * Shows the arguments of the call that a transition function is for, where there is
 * one to be seen; of several that it may be for, those of each.
 */
static void
check_calls(FunctionCallInfo fcinfo, void (*check) (FunctionCallInfo fcinfo, List *args))
{
	ListCell   *lc;

	foreach(lc, retention_aggregate_calls(fcinfo))
	{
		Node	   *call = (Node *) lfirst(lc);

		if (IsA(call, Aggref))
			check(fcinfo, get_tlist_exprs(((Aggref *) call)->args, false));
		else if (IsA(call, WindowFunc) && ((WindowFunc *) call)->inputcollid == PG_GET_COLLATION())
			check(fcinfo, ((WindowFunc *) call)->args);
	}
}

static void
check_customer(FunctionCallInfo fcinfo, List *args)
{
	if (args != NIL)
		check_key_expression(linitial(args), "customers");
}

/*
 * Called when a state begins, by a transition function whose keys are texts.
 * The function can't know what it's given but for its declared type; the call
 * of the aggregate does.
 */
void
retention_check_text_key(FunctionCallInfo fcinfo)
{
	check_calls(fcinfo, check_customer);
}

/*
 * A function has one collation, which is that of one of its arguments.  If that
 * calls other texts equal than their own, nobody has said so.
 */
static void
check_collation(FunctionCallInfo fcinfo, Node *expr)
{
	if (exprType(expr) != TEXTOID ||
		retention_text_is_folded(exprCollation(expr)) == retention_text_is_folded(PG_GET_COLLATION()))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INDETERMINATE_COLLATION),
			 errmsg("could not determine which collation to use for customers and order numbers"),
			 errdetail("Collations of which one is nondeterministic tell them apart, but one is used for both."),
			 errhint("Use the COLLATE clause to set the collation of both explicitly.")));
}

/*
 * Is what rows are aggregated of one row without a table?  Of its columns the planner
 * leaves constants.
 */
static bool
is_of_one_row(FunctionCallInfo fcinfo)
{
	Plan	   *plan = fcinfo->context && (IsA(fcinfo->context, AggState) || IsA(fcinfo->context, WindowAggState)) ?
		outerPlan(((ScanState *) fcinfo->context)->ps.plan) : NULL;

	return plan && IsA(plan, Result) && outerPlan(plan) == NULL;
}

/* A number that all rows have is none of an order, but perhaps one of days. */
static void
check_order_number(FunctionCallInfo fcinfo, Node *expr)
{
	Oid			output;
	bool		varlena;

	if (!IsA(expr, Const) || ((Const *) expr)->constisnull || is_of_one_row(fcinfo))
		return;
	getTypeOutputInfo(exprType(expr), &output, &varlena);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("order_id is the same for all rows: \"%s\"",
					OidOutputFunctionCall(output, ((Const *) expr)->constvalue)),
			 TypeCategory(exprType(expr)) == TYPCATEGORY_NUMERIC ?
			 errhint("It is the column of the orders' numbers. How many ordered again within so many days is asked of a history, by repeat_within(history, 90).") :
			 errhint("It is the column of the orders' numbers.")));
}

static void
check_line(FunctionCallInfo fcinfo, List *args)
{
	ListCell   *lc;

	foreach(lc, args)
	{
		check_key_expression(lfirst(lc), lc == list_head(args) ? "customers" : "order numbers");
		check_collation(fcinfo, lfirst(lc));
	}
	if (list_length(args) == 2)
		check_order_number(fcinfo, lsecond(args));
}

/* The same where the second argument is the number of an order. */
void
retention_check_line_keys(FunctionCallInfo fcinfo)
{
	check_calls(fcinfo, check_line);
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

/* The uuid again. */
Datum
retention_uuid_of_identity(Identity identity)
{
	pg_uuid_t  *uuid = palloc(sizeof(pg_uuid_t));
	uint64		half[2];

	half[0] = pg_hton64(customer_unmix(identity.hash) ^ customer_mix(identity.low));
	half[1] = pg_hton64(identity.low);
	memcpy(uuid->data, half, sizeof(half));
	return UUIDPGetDatum(uuid);
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

static const char *
part_name(KeyKind kind)
{
	return kind == KEY_INT8 ? "bigint" : kind == KEY_UUID ? "uuid" : "text";
}

/* For messages. */
const char *
retention_key_name(KeyKind kind)
{
	const char *folded = key_is_folded(kind) ? " under a nondeterministic collation" : "";

	if (kind == KEY_NONE)
		return "no customer key";
	if (key_is_order(kind))
		return psprintf("%s order numbers%s", part_name(key_order(kind)), folded);
	if (key_is_pair(kind))
		return psprintf("pairs of %s customers and %s order numbers%s", part_name(key_customer(kind)),
						part_name(key_order(kind)), folded);
	return psprintf("%s customers%s", part_name(kind), folded);
}
