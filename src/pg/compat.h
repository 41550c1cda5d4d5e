/*-------------------------------------------------------------------------
 *
 * compat.h
 *	  What differs between PostgreSQL 15, 16, 17 and 18, in one place.
 *
 * No other file of this extension looks at PG_VERSION_NUM.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_COMPAT_H
#define RETENTION_COMPAT_H

#include "postgres.h"

#include "common/base64.h"
#include "fmgr.h"
#include "storage/buffile.h"

#if PG_VERSION_NUM < 150000
#error "retention needs PostgreSQL 15 or later"
#endif

/* varatt.h holds the varlena macros since 16; postgres.h did before. */
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

/* 18 has only the C11 spelling, 15 to 17 only this one. */
#if PG_VERSION_NUM >= 180000
#define compat_noreturn pg_noreturn
#define compat_attribute_noreturn()
#else
#define compat_noreturn
#define compat_attribute_noreturn() pg_attribute_noreturn()
#endif

/* Magic block: 18 lets a module say its name and version. */
#if PG_VERSION_NUM >= 180000
#define RETENTION_MODULE_MAGIC \
	PG_MODULE_MAGIC_EXT(.name = "retention", .version = RETENTION_VERSION)
#else
#define RETENTION_MODULE_MAGIC PG_MODULE_MAGIC
#endif

/*
 * Read exactly "size" bytes or fail: BufFileReadExact is new in 16, and the
 * older BufFileRead wants its length checked.
 */
static inline void
compat_buffile_read(BufFile *file, void *ptr, size_t size)
{
#if PG_VERSION_NUM >= 160000
	BufFileReadExact(file, ptr, size);
#else
	size_t		got = BufFileRead(file, ptr, size);

	if (got != size)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not read from temporary file: read only %zu of %zu bytes",
						got, size)));
#endif
}

/* The base64 routines took char pointers before 18, uint8 pointers since. */
static inline int
compat_b64_encode(const char *src, int len, char *dst, int dstlen)
{
#if PG_VERSION_NUM >= 180000
	return pg_b64_encode((const uint8 *) src, len, dst, dstlen);
#else
	return pg_b64_encode(src, len, dst, dstlen);
#endif
}

static inline int
compat_b64_decode(const char *src, int len, char *dst, int dstlen)
{
#if PG_VERSION_NUM >= 180000
	return pg_b64_decode(src, len, (uint8 *) dst, dstlen);
#else
	return pg_b64_decode(src, len, dst, dstlen);
#endif
}

/* The relids of the topmost join: since 16 they have those of outer joins. */
#if PG_VERSION_NUM >= 160000
#define compat_all_relids(root) ((root)->all_query_rels)
#else
#define compat_all_relids(root) ((root)->all_baserels)
#endif

/* Since 17 there are infinite intervals. */
#if PG_VERSION_NUM >= 170000
#define compat_interval_is_infinite(interval) INTERVAL_NOT_FINITE(interval)
#else
#define compat_interval_is_infinite(interval) false
#endif

/* Since 16 one function checks rights on objects of all catalogs. */
#if PG_VERSION_NUM >= 160000
#define compat_namespace_aclcheck(namespace, role, mode) \
	object_aclcheck(NamespaceRelationId, namespace, role, mode)
#else
#define compat_namespace_aclcheck(namespace, role, mode) pg_namespace_aclcheck(namespace, role, mode)
#endif

/* Since 16 what is read of a relation is kept beside the range table. */
#if PG_VERSION_NUM >= 160000
#define compat_take_permissions(query, pstate) ((query)->rteperminfos = (pstate)->p_rteperminfos)
#define compat_check_permissions(query) \
	((void) ExecCheckPermissions((query)->rtable, (query)->rteperminfos, true))
#else
#define compat_take_permissions(query, pstate) ((void) 0)
#define compat_check_permissions(query) ((void) ExecCheckRTPerms((query)->rtable, true))
#endif

/* Since 16 the caller says whether only summarizing indexes are to have the row. */
#if PG_VERSION_NUM >= 160000
#define compat_insert_index_tuples(indexes, slot, estate) \
	list_free(ExecInsertIndexTuples(indexes, slot, estate, false, false, NULL, NIL, false))
#else
#define compat_insert_index_tuples(indexes, slot, estate) \
	list_free(ExecInsertIndexTuples(indexes, slot, estate, false, false, NULL, NIL))
#endif

#endif							/* RETENTION_COMPAT_H */
