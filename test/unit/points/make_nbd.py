#!/usr/bin/env python3
"""Points of test/unit/nbd.c; see make_bgnbd.py for what's in a line."""
import random
from mpmath import mp, mpf, loggamma, log, exp, diff, quad

mp.dps = 50
random.seed(3)


def show(x):
    return mp.nstr(x, 20, min_fixed=0, max_fixed=0)


def spread(low, high):
    return float(mpf(low) * (mpf(high) / mpf(low)) ** random.random())


def loglik(r, alpha, x, T):
    return loggamma(r + x) - loggamma(r) + r * log(alpha / (alpha + T)) - x * log(alpha + T)


for i in range(200):
    params = [spread(.01, 10), spread(1e-3, 1e3)]
    x = random.choice([0, 1, int(spread(1, 501))])
    T = random.choice([0.0, spread(1, 5000)]) if x == 0 else spread(1, 5000)
    t_x = 0.0 if x == 0 else T * random.random()
    t, delta = spread(.1, 5000), spread(1e-8, 1e-2)
    r, alpha = map(mpf, params)
    n, w = r + x, mpf(t) / (alpha + mpf(T))
    j = random.choice([0, 1, int(random.random() * min(2 * n * w + 2, 2000))])
    rate = n / (alpha + mpf(T))
    probability = exp(loggamma(n + j) - loggamma(n) - loggamma(j + 1) + j * log(w / (1 + w)) - n * log(1 + w))
    results = [loglik(r, alpha, x, mpf(T)),
               diff(lambda v: loglik(v, alpha, x, mpf(T)), r, h=r * mpf(10) ** -20),
               diff(lambda v: loglik(r, v, x, mpf(T)), alpha, h=alpha * mpf(10) ** -20),
               mpf(0), rate * t, probability, rate / mpf(delta),
               rate * -mp.expm1(-mpf(delta) * mpf(t)) / mpf(delta)]
    print("nbd", *(repr(float(v)) for v in [*params, x, t_x, T, t, j, delta]), *(show(v) for v in results))
