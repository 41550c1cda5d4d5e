#!/usr/bin/env python3
"""Points of test/unit/contract.c, from the definitions of sBG (c = 1) and BdW:

survival	a b c n			ln S(n)
retention	a b c n			S(n) / S(n - 1)
loglik		a b c			of SURVIVORS, and its derivatives by a, b, c
lifetime	a b c age d		the sum of S(n) / S(age) (1 + d)^-(n - age - 1), n > age

The sum is Gauss's hypergeometric function for sBG, and for BdW mpmath's sum by
Euler and Maclaurin; for discounts that let it end, it's added up."""
import random
from definition import mp, mpf, exp, log, point

random.seed(7)
SURVIVORS = [(0, 1000), (1, 869), (2, 743), (3, 653), (5, 551), (6, 517), (7, 491), (12, 400), (13, 400)]


def log_survival(a, b, c, n):
    if n == 0:
        return mpf(0)
    u = mpf(n) ** c
    return mp.loggamma(b + u) - mp.loggamma(a + b + u) - mp.loggamma(b) + mp.loggamma(a + b)


def loglik(a, b, c):
    s = [exp(log_survival(a, b, c, n)) for n, _ in SURVIVORS]
    total = SURVIVORS[-1][1] * log(s[-1])
    for i in range(1, len(s)):
        total += (SURVIVORS[i - 1][1] - SURVIVORS[i][1]) * log(s[i - 1] - s[i])
    return total


def derivative(i, *point):
    h = point[i] * mpf(10) ** -18
    return (loglik(*point[:i], point[i] + h, *point[i + 1:])
            - loglik(*point[:i], point[i] - h, *point[i + 1:])) / (2 * h)


def lifetime(a, b, c, age, d):
    n = age + 1
    if c == 1:
        if d == 0:
            return (b + age) / (a - 1)
        return (b + age) / (a + b + age) * mp.hyp2f1(1, b + n, a + b + n, 1 / (1 + d))
    start = log_survival(a, b, c, age)
    f = lambda k: exp(log_survival(a, b, c, n + k) - start) * (1 + d) ** -k
    if d >= mpf("0.05"):
        total, k = mpf(0), 0
        while True:
            t = f(k)
            total += t
            k += 1
            if t < total * mpf(10) ** -22:
                return total
    # directly for a while; then the integral, and Euler's and Maclaurin's corrections by derivatives
    many = 300
    total = sum(f(k) for k in range(many)) + f(many) / 2
    taylor = mp.taylor(f, many, 13)
    for j in range(1, 7):
        total -= mp.bernoulli(2 * j) / (2 * j) * taylor[2 * j - 1]
    low = log(mpf(many))
    end = log(many + 60 / mp.log1p(d)) if d > 0 else low + 55 / (a * c - 1)
    pieces = [low + (end - low) * i / 60 for i in range(61)]
    with mp.workdps(int(30 + c * end / 2)):
        return total + mp.quad(lambda w: f(exp(w)) * exp(w), pieces)


def spread(low, high):
    return mpf(float(mpf(low) * (mpf(high) / mpf(low)) ** random.random()))


def model(c):
    return spread(.01, 50), spread(.01, 200), c


mp.dps = 40
for _ in range(60):
    p = model(random.choice([mpf(1), spread(.2, 4)]))
    n = mpf(random.choice([0, 1, 2, 3, 10, random.randrange(1, 100), 1000]))
    point("survival", p + (n,), log_survival(*p, n))
    n = max(n, 1)
    point("retention", p + (n,), exp(log_survival(*p, n) - log_survival(*p, n - 1)))
    point("loglik", p, loglik(*p), *(derivative(i, *p) for i in range(3)))
for _ in range(100):
    p = model(mpf(1)) + (mpf(random.choice([0, 0, 1, 5, 40])),)
    d = mpf(float(random.choice([.1, 1, .01, spread(1e-9, 1e-2)])))
    point("lifetime", p + (d,), lifetime(*p, d))
    if p[0] > 1.01:
        point("lifetime", p + (0,), lifetime(*p, mpf(0)))
mp.dps = 30
for _ in range(40):
    p = (spread(.05, 10), spread(.05, 50), spread(.3, 3), mpf(random.choice([0, 0, 1, 5, 40])))
    d = mpf(float(random.choice([.1, 1, .05, spread(1e-6, 1e-2)])))
    point("lifetime", p + (d,), lifetime(*p, d))
    if p[0] * p[2] > 1.3:
        point("lifetime", p + (0,), lifetime(*p, mpf(0)))
