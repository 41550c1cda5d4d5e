#!/usr/bin/env python3
"""Points of test/unit/bgnbd.c, from the definitions in many digits.

A line: kind, r alpha a b, x t_x T, t n delta, and then what's true there:
log-likelihood, its derivatives by r, alpha, a and b, ln P(alive), expected
purchases in t, probability of n in t, expected purchases in all time,
discounted by delta, and in t.
"""
import random
import sys
from mpmath import mp, mpf, gamma, loggamma, beta, log, exp, hyp2f1, diff, quad, rf, factorial, inf

mp.dps = 60
TINY = mpf(10) ** -40


def show(x):
    return mp.nstr(x, 20, min_fixed=0, max_fixed=0)


def parts(r, alpha, a, b, x, t_x, T, d):
    """Likelihood of being alive, and of having left at the last purchase; in logarithms."""
    c = x + d
    common = loggamma(r + x) - loggamma(r) + r * log(alpha)
    alive = common + log(beta(a, b + c) / beta(a, b)) - (r + x) * log(alpha + T)
    if c == 0:
        return alive, -inf
    left = common + log(beta(a + 1, b + c - 1) / beta(a, b)) - (r + x) * log(alpha + t_x)
    return alive, left


def loglik(*args):
    alive, left = parts(*args)
    return alive if left == -inf else log(exp(alive) + exp(left))


def expected(a, b, n, w):
    """The textbook's form; its poles are passed at a distance."""
    if a == 1:
        a += TINY
    if a + b == 1:
        b += TINY
    with mp.workdps(mp.dps + 50):
        return (a + b - 1) / (a - 1) * (1 - (1 + w) ** -n * hyp2f1(n, b, a + b - 1, w / (1 + w)))


def discounted(a, b, n, z, w):
    """Purchases before w (it may be infinite), each times e^(-z * its time): they come
    at the rate n E[(1 + p s)^-(n + 1)]."""
    with mp.workdps(30):
        # (mpmath goes wrong on 2F1(n + 1, a; a + b; -s), with large n)
        rate = lambda s: n * (1 + s) ** -(n + 1) * hyp2f1(n + 1, b, a + b, s / (1 + s)) * exp(-z * s)
        end = min(w, 80 / z)
        cuts = [mpf(0)]
        step = min(1 / max(n, 1), 5 / z) / 2
        while cuts[-1] + step < end:
            cuts.append(cuts[-1] + step)
            step = min(cuts[-1], 10 / z)
        cuts.append(end)
        value, error = quad(rate, cuts, method="gauss-legendre", error=True, maxdegree=5)
        if error > 1e-13 * value:
            print("quadrature:", error / value, file=sys.stderr)
        return value


def probability(a, b, n, w, j):
    def nb(i):
        return rf(n, i) / factorial(i) * (w / (1 + w)) ** i * (1 + w) ** -n
    stays = beta(a, b + j) / beta(a, b) * nb(j)
    if j == 0:
        return stays
    with mp.workdps(mp.dps + 400):
        tail = 1 - sum(nb(i) for i in range(j))
    return stays + beta(a + 1, b + j - 1) / beta(a, b) * tail


def point(kind, params, buyer, t, j, delta):
    d = 1 if kind == "mbg/nbd" else 0
    r, alpha, a, b = (mpf(v) for v in params)
    x, t_x, T = buyer[0], mpf(buyer[1]), mpf(buyer[2])
    t, delta = mpf(t), mpf(delta)
    value = loglik(r, alpha, a, b, x, t_x, T, d)
    gradient = [diff(lambda v: loglik(*[v if i == m else p for i, p in enumerate((r, alpha, a, b))], x, t_x, T, d),
                     (r, alpha, a, b)[m], h=(r, alpha, a, b)[m] * mpf(10) ** -25) for m in range(4)]
    alive = parts(r, alpha, a, b, x, t_x, T, d)[0] - value
    n, scale, left = r + x, alpha + T, b + x + d
    w = t / scale
    p = probability(a, left, n, w, j) * exp(alive) + (-mp.expm1(alive) if j == 0 else 0)
    results = [value] + gradient + [
        alive, exp(alive) * expected(a, left, n, w), p,
        exp(alive) * discounted(a, left, n, delta * scale, inf),
        exp(alive) * discounted(a, left, n, delta * scale, w)]
    print(kind, *(repr(float(v)) for v in [*params, *buyer, t, j, delta]), *(show(v) for v in results), flush=True)


def spread(low, high):
    return float(mpf(low) * (mpf(high) / mpf(low)) ** random.random())


def main():
    random.seed(2)
    for i in range(300):
        params = [spread(.01, 10), spread(1e-3, 1e3), spread(.01, 50), spread(.01, 200)]
        x = random.choice([0, 1, 2, random.randrange(20), int(spread(1, 501))])
        T = spread(1, 5000)
        t_x = 0.0 if x == 0 else T * random.random() ** random.choice([1, .1])
        t = spread(.1, 5000)
        mean = (params[0] + x) * t / (params[1] + T)
        j = random.choice([0, 1, int(random.random() * min(2 * mean + 2, 400))])
        point(random.choice(["bg/nbd", "mbg/nbd"]), params, (x, t_x, T), t, j, spread(1e-6, 1e-2))

    # corners: the poles of the textbook's form, recency, short and long times, the new customer
    for kind in ("bg/nbd", "mbg/nbd"):
        for a, b in ((1, 2.5), (.5, .5), (.25, .75), (1, .01), (50, 200), (.01, .01), (.01, 200), (50, .01), (.8, 2.5)):
            for x, t_x, T in ((0, 0, 40.), (0, 0, 5000.), (1, 40., 40.), (2, 30., 40.), (500, 4999., 5000.), (500, 100., 100.), (30, 1., 5000.), (0, 0, 0.)):
                r, alpha = random.choice([(.25, 4.), (.01, 1e-3), (10., 1e3), (2., 30.)])
                t = random.choice([.1, 1., 39., 365., 5000.])
                if T == 0:
                    alpha = max(alpha, 1.)
                point(kind, (r, alpha, a, b), (x, t_x, T), t, random.choice([0, 1, 2, 7]), random.choice([1e-5, 3e-4, 1e-2]))


main()
