/*-------------------------------------------------------------------------
 *
 * extension_names.h
 *	  The names of the extension, and whether somebody has them already.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_EXTENSION_NAMES_H
#define RETENTION_EXTENSION_NAMES_H

typedef enum NameKind
{
	NAME_TYPE,
	NAME_ROW,					/* of a type of columns, which is a relation, too */
	NAME_FUNCTION				/* with the types of its arguments, as name(int8,text[]) */
} NameKind;

typedef struct RetentionName
{
	NameKind	kind;
	const char *name;
} RetentionName;

/* All of them, from the install script; the last has no name. */
extern const RetentionName retention_names[];

#endif							/* RETENTION_EXTENSION_NAMES_H */
