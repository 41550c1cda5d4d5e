/*-------------------------------------------------------------------------
 *
 * dropout.h
 *	  What the models that leave after a purchase have in common.
 *
 * A customer leaves for good after a purchase with a probability p of their own,
 * from Beta(a, b).
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_DROPOUT_H
#define RETENTION_DROPOUT_H

#include "model/purchase_kind.h"

/* At the moment of their first purchase. */
static const Buyer dropout_newcomer = {0, 0, 0};

/*
 * E[(1 - (1 + p w)^-n) / p]: purchases expected of one who is alive, in a time
 * w, while they would buy like a negative binomial of n and w if they stayed.
 */
extern double retention_dropout_expected(double a, double b, double n, double w);

/*
 * n E[g(z / p, n + 1) / p], g(y, s) = e^y E_s(y): the same without end, each
 * purchase times e^(-z * its time).  Infinite at z = 0 if a <= 1.
 */
extern double retention_dropout_discounted(double a, double b, double n, double z);

/*
 * 1 + b / (a + b) + b (b + 1) / ((a + b) (a + b + 1)) + ..., m terms: purchases
 * expected of one who would make m by staying.  m may be infinite.
 */
extern double retention_dropout_purchases(double a, double b, double m);

/*
 * P(alive at T + t) of one who is alive at T and has had so many chances to leave: all that
 * a model with a, b as parameters 2 and 3 has to say is its expected purchases.
 */
extern double retention_dropout_stays(const PurchaseModel *model, const Buyer *buyer, double chances, double t);

/* Simulation: does one who has just made a purchase leave?  after_first: the first may be the last. */
extern bool retention_dropout_leaves(RandomStream *stream, Habit *habit, double a, double b,
									 bool after_first);

/*
 * 1 + y b / (a + b) + y^2 b (b + 1) / ((a + b) (a + b + 1)) + ..., which is
 * E[1 / (1 - (1 - p) y)]: purchases without end, each worth y times the one
 * before.  0 <= y < 1; also needs lacks = 1 - y.
 */
extern double retention_dropout_generating(double a, double b, double y, double lacks);

/* nbd.c: where a fit of any of them begins, and where near the NBD; a simulated customer; their time to the next purchase */
extern void retention_start_counts(const BuyerTotals *totals, double *r, double *alpha);
extern void retention_near_counts(const PurchaseKind *kind, const double *nbd, double *params);
extern void retention_enter_counts(const PurchaseModel *model, RandomStream *stream, Habit *habit);
extern double retention_wait_counts(const PurchaseModel *model, RandomStream *stream, Habit *habit);

#endif							/* RETENTION_DROPOUT_H */
