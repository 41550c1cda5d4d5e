#!/usr/bin/env python3
"""Points of test/unit/cnbd.c; see make_bgnbd.py for what's in a line.

Discounted purchases are the integral over the rate of what they are for one
rate, which is in closed form.
"""
import random
import sys
from mpmath import mp, mpf, loggamma, beta, log, exp, hyp2f1, diff, quad, rf, factorial, inf, expm1, log1p

mp.dps = 50


def show(x):
    return "-" if x is None else mp.nstr(x, 20, min_fixed=0, max_fixed=0)


def weights(n, k, u):
    return [rf(n, j) / factorial(j) * u ** j for j in range(k)]


def parts(k, r, alpha, a, b, x, t_x, T, d):
    c = x + d
    common = loggamma(r + k * x) - loggamma(r) + r * log(alpha) - x * loggamma(mpf(k))
    alive = common + log(beta(a, b + c) / beta(a, b)) - (r + k * x) * log(alpha + T) \
        + log(sum(weights(r + k * x, k, (T - t_x) / (alpha + T))))
    if c == 0:
        return alive, -inf
    left = common + log(beta(a + 1, b + c - 1) / beta(a, b)) - (r + k * x) * log(alpha + t_x)
    return alive, left


def loglik(*args):
    alive, left = parts(*args)
    return alive if left == -inf else log(exp(alive) + exp(left))


def nb(i, n, w):
    return exp(loggamma(n + i) - loggamma(n) - loggamma(mpf(i + 1)) + i * log(w / (1 + w)) - n * log(1 + w))


def expected(k, a, b, n, u, w):
    """The sum over the hidden events to come, i, and since the last purchase, j, of
    their probability times what is bought by one who'd buy (i + j) / k times if they stayed."""
    pi = weights(n, k, u)
    total = sum(pi)
    z = w / (1 + w)
    with mp.workdps(mp.dps + 5):
        just = [pi[j] / total * (1 + w) ** -(n + j) for j in range(k)]
        purchases, stays, result, rest, i = [mpf(0)], mpf(1), mpf(0), mpf(1), 0
        mean = (n + k) * w
        while rest > 0 or i < mean:
            while len(purchases) <= (i + k) // k:
                m = len(purchases)
                purchases.append(purchases[-1] + stays)
                stays *= (b + m - 1) / (a + b + m - 1)
            term = sum(just[j] * purchases[(i + j) // k] for j in range(k))
            result += term
            just = [just[j] * z * (n + j + i) / (i + 1) for j in range(k)]
            if i > mean and term < result * mpf(10) ** -(mp.dps - 2) / (1 + w):
                rest = 0
            i += 1
            if i * k > 500000:
                return None
        return result


def discounted(k, a, b, n, u, z):
    """z = delta * (alpha + T); the rate is in units of 1 / (alpha + T)"""
    pi = weights(n, k, u)
    total = sum(pi)

    def integrand(v):
        rate = exp(v)
        laplace = rate / (rate + z)
        return exp(n * v - rate) / mp.gamma(n) * hyp2f1(1, b, a + b, laplace ** k) * \
            sum(pi[j] * laplace ** (k - j) * rate ** j / rf(n, j) for j in range(k)) / total
    with mp.workdps(30):
        # the rate's own density is about 1 / sqrt(n) wide
        narrow = min(mpf(1) / 3, 3 / mp.sqrt(n))
        pieces = [log(n) + narrow * i for i in range(-12, 13)]
        low, high = pieces[0], pieces[-1]
        while low > min(log(n) - 8, log(z) - 4):
            low -= mpf(1) / 2
            pieces.insert(0, low)
        while high < max(log(n + k) + 3, mpf(5)):
            high += mpf(1) / 2
            pieces.append(high)
        step = mpf(2)
        while low > log(n) - 80 / n - 80:
            low -= step
            step *= mpf(1.7)
            pieces.insert(0, low)
        value, error = quad(integrand, pieces, method="gauss-legendre", error=True, maxdegree=5)
    if error > 1e-10 * value:
        print("over the rate:", error / value, file=sys.stderr)
    return value


def until(k, a, b, n, u, z, w):
    f = lambda s: exp(-z * s) * expected(k, a, b, n, u, s)
    with mp.workdps(18):
        pieces = [mpf(0)]
        step = min(mpf(3) * k / max(n, 1), 5 / z, w)
        while pieces[-1] + step < w:
            pieces.append(pieces[-1] + step)
            step = min(pieces[-1], 10 / z)
        pieces.append(w)
        value, error = quad(f, pieces, method="gauss-legendre", error=True, maxdegree=3)
        value = value * z + exp(-z * w) * expected(k, a, b, n, u, w)
    if error > 1e-10 * value:
        print("over time:", error / value, file=sys.stderr)
    return value


def probability(k, a, b, n, u, w, m):
    pi = weights(n, k, u)
    total = sum(pi)
    just = at_least = mpf(0)
    for j in range(k):
        just += pi[j] / total * sum(nb(i, n + j, w) for i in range(max(m * k - j, 0), m * k + k - j))
        with mp.workdps(300):
            tail = 1 - sum(nb(i, n + j, w) for i in range(max(m * k - j, 0)))
        at_least += pi[j] / total * tail
    result = beta(a, b + m) / beta(a, b) * just
    if m > 0:
        result += beta(a + 1, b + m - 1) / beta(a, b) * at_least
    return result


def point(kind, k, params, buyer, t, j, delta, with_until):
    d = 1 if kind == "mbg" else 0
    r, alpha, a, b = (mpf(v) for v in params)
    x, t_x, T = buyer[0], mpf(buyer[1]), mpf(buyer[2])
    t, delta = mpf(t), mpf(delta)
    value = loglik(k, r, alpha, a, b, x, t_x, T, d)
    gradient = [diff(lambda v: loglik(k, *[v if i == m else p for i, p in enumerate((r, alpha, a, b))], x, t_x, T, d),
                     (r, alpha, a, b)[m], h=(r, alpha, a, b)[m] * mpf(10) ** -20) for m in range(4)]
    alive = parts(k, r, alpha, a, b, x, t_x, T, d)[0] - value
    n, scale, left = r + k * x, alpha + T, b + x + d
    u, w = (T - t_x) / scale, t / scale
    p = probability(k, a, left, n, u, w, j) * exp(alive) + (-expm1(alive) if j == 0 else 0)
    with mp.workdps(20):
        ahead = expected(k, a, left, n, u, w)
    results = [value] + gradient + [
        alive, None if ahead is None else exp(alive) * ahead, p,
        exp(alive) * discounted(k, a, left, n, u, delta * scale),
        exp(alive) * until(k, a, left, n, u, delta * scale, w) if with_until else None]
    print("%s/cnbd-%d" % (kind, k), *(repr(float(v)) for v in [*params, *buyer, t, j, delta]),
          *(show(v) for v in results), flush=True)


def spread(low, high):
    return float(mpf(low) * (mpf(high) / mpf(low)) ** random.random())


def main():
    random.seed(4)
    for i in range(83):
        k = random.choice([2, 3, 4, 6, 12])
        params = [spread(.01, 10), spread(1e-3, 1e3), spread(.01, 50), spread(.01, 200)]
        x = random.choice([0, 1, 2, random.randrange(20), int(spread(1, 501))])
        T = spread(1, 5000)
        t_x = 0.0 if x == 0 else T * random.random() ** random.choice([1, .1])
        t = spread(.1, 5000)
        mean = (params[0] / k + x) * t / (params[1] + T)
        j = random.choice([0, 1, int(random.random() * min(2 * mean + 2, 60))])
        point(random.choice(["bg", "mbg"]), k, params, (x, t_x, T), t, j, spread(1e-6, 1e-2), i % 10 == 0 and mean < 100)

    random.seed(5)
    for kind in ("bg", "mbg"):
        for a, b in ((1, 2.5), (.5, .5), (.25, .75), (1, .01), (50, 200), (.01, 200)):
            for x, t_x, T in ((0, 0, 40.), (1, 40., 40.), (2, 30., 40.), (500, 4999., 5000.), (0, 0, 0.)):
                k = random.choice([2, 3, 5, 12])
                r, alpha = random.choice([(.25, 4.), (.01, 1.), (10., 1e3), (2., 30.)])
                t = random.choice([.1, 1., 39., 365., 5000.])
                point(kind, k, (r, alpha, a, b), (x, t_x, T), t, random.choice([0, 1, 2, 7]),
                      random.choice([1e-5, 3e-4, 1e-2]), False)

    # few, for each is an integral over integrals
    for kind, k, params, buyer, t, delta in (
            ("mbg", 2, (.5, 40., .8, 2.5), (3, 100., 250.), 365., 3e-4),
            ("bg", 3, (2., 10., .4, 1.5), (0, 0., 60.), 900., 1e-3),
            ("mbg", 2, (.1, 1., 1., 1.), (20, 300., 301.), 2000., 1e-2),
            ("bg", 3, (5., 200., 3., 20.), (1, 10., 10.), 100., 1e-4),
            ("bg", 2, (8., 300., .01, 20.), (60, 990., 1000.), 300., 1e-3)):
        point(kind, k, params, buyer, t, 1, delta, True)


main()
