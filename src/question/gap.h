/*-------------------------------------------------------------------------
 *
 * gap.h
 *	  How often each number of days lay between two orders.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_GAP_H
#define RETENTION_GAP_H

#include "postgres.h"

#include "question/question.h"

typedef struct GapCounts
{
	int64		n;				/* all gaps */
	int64	   *counts;			/* of gaps up to GAP_COUNTED */
	int32		size;

	/* the longer ones, one by one: they are few */
	int32	   *longer;
	int64		nlonger;
	int64		room;
} GapCounts;

/* Gaps of up to so many days (179 years) are counted. */
#define GAP_COUNTED		65536

extern void retention_gap_add(GapCounts *gaps, int32 days, int64 times);
extern void retention_gap_add_customer(GapCounts *gaps, const Question *question,
									   const CustomerView *customer);
extern double retention_gap_quantile(GapCounts *gaps, double fraction);
extern double retention_usual_gap(GapCounts *gaps);

#endif							/* RETENTION_GAP_H */
