#!/usr/bin/env python3
"""Points of test/unit/spend.c, from the definition of the gamma-gamma model:

loglik	p q v x m	ln of the density of m, and its derivatives by p, q, v

A customer's mean m of x amounts is from Gamma(p x, nu x), nu from Gamma(q, v):
the density is the integral over nu."""
import random
from definition import mp, mpf, exp, log, point

random.seed(6)


def loglik(p, q, v, x, m):
    """The integral over nu of the product of two densities is Gamma's integral; sixty digits."""
    return (p * x * log(x) + (p * x - 1) * log(m) - mp.loggamma(p * x) + q * log(v) - mp.loggamma(q)
            + mp.loggamma(p * x + q) - (p * x + q) * log(x * m + v))


def loglik_by_quadrature(p, q, v, x, m):
    k, peak = p * x, (p * x + q) / (x * m + v)
    def f(nu):
        return exp(k * log(nu * x) + (k - 1) * log(m) - nu * x * m - mp.loggamma(k)
                   + q * log(v) + (q - 1) * log(nu) - v * nu - mp.loggamma(q))
    return log(mp.quad(f, [0, peak / 2, peak, 2 * peak, 4 * peak, 8 * peak, mp.inf]))


def derivative(i, *point):
    h = point[i] * mpf(10) ** -18
    return (loglik(*point[:i], point[i] + h, *point[i + 1:])
            - loglik(*point[:i], point[i] - h, *point[i + 1:])) / (2 * h)


def spread(low, high):
    return mpf(float(mpf(low) * (mpf(high) / mpf(low)) ** random.random()))


assert abs(loglik(*map(mpf, (6.25, 3.74, 15.44, 3, 20))) - loglik_by_quadrature(*map(mpf, (6.25, 3.74, 15.44, 3, 20)))) < 1e-20

for _ in range(250):
    p = (spread(.01, 100), spread(.01, 100), spread(1e-3, 1e6), mpf(random.choice([1, 1, 2, 3, 10, 100, 500])), spread(1e-3, 1e6))
    point("loglik", p, loglik(*p), *(derivative(i, *p) for i in range(3)))
