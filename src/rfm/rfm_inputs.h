/*-------------------------------------------------------------------------
 *
 * rfm_inputs.h
 *	  One customer as the models see them: values of the type rfm_inputs, read.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_RFM_INPUTS_H
#define RETENTION_RFM_INPUTS_H

#include "postgres.h"

#include "access/htup.h"
#include "access/tupdesc.h"

/* The columns of the type rfm_inputs. */
typedef enum RfmColumn
{
	RFM_X,
	RFM_T_X,
	RFM_T,
	RFM_M_X,
	RFM_LOG_GAPS,
	RFM_ORDERS,
	RFM_FIRST_ORDER,
	RFM_COLUMNS
} RfmColumn;

typedef struct Rfm
{
	int64		x;
	double		t_x;
	double		t;
	bool		knows_m_x;
	bool		knows_first_order;
	Datum		m_x;			/* numeric, part of the row */
	bool		knows_gaps;		/* of no repeat purchases there are none */
	double		log_gaps;		/* 0 if not known */
	int64		orders;			/* x + 1 if not known */
	int32		first_order;	/* finite */
} Rfm;

extern void retention_rfm_check_type(TupleDesc desc);
extern bool retention_rfm_read(HeapTupleHeader header, Rfm *rfm);
extern double retention_rfm_spend(const Rfm *rfm);
extern bool retention_rfm_last_day(const Rfm *rfm, int32 *day);

#endif							/* RETENTION_RFM_INPUTS_H */
