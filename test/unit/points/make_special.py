#!/usr/bin/env python3
"""Points of test/unit/special.c: function, arguments, value; from mpmath's
definitions in 80 digits, which nothing here cancels down to 20."""
import random
from mpmath import mp, mpf, loggamma, psi, log, exp, erfinv, sqrt, gammainc, rf, factorial, beta

mp.dps = 80
random.seed(1)


def show(x):
    return mp.nstr(x, 20, min_fixed=0, max_fixed=0)


def point(name, arguments, value):
    print(name, *(repr(float(a)) for a in arguments), show(value))


def spread(low, high):
    return float(mp.mpf(low) * (mp.mpf(high) / mp.mpf(low)) ** random.random())


def some_x():
    return random.choice([random.randrange(0, 70), random.randrange(0, 3000),
                          spread(1e-3, 1e3), spread(1, 1e9)])


def log_rise(r, x):
    return loggamma(mpf(r) + mpf(x)) - loggamma(mpf(r))


def log_beta_rise(a, b, x):
    a, b, x = mpf(a), mpf(b), mpf(x)
    return loggamma(b + x) - loggamma(b) - loggamma(a + b + x) + loggamma(a + b)


for _ in range(100):
    x = spread(1e-3, 1e6)
    point("lgamma", [x], loggamma(mpf(x)))
    point("digamma", [x], psi(0, mpf(x)))
    point("trigamma", [x], psi(1, mpf(x)))

corners = [(r, x) for r in (1e-8, .01, .5, 1, 9.999, 10, 1e5, 1e8) for x in (0, 1, 2, 24, 25, .5, 9.5, 500, 1e6)]
for r, x in corners + [(spread(1e-4, 1e6), some_x()) for _ in range(200)]:
    point("log_rise", [r, x], log_rise(r, x))
    point("digamma_rise", [r, x], psi(0, mpf(r) + mpf(x)) - psi(0, mpf(r)))

corners = [(a, b, x) for a in (1e-8, .01, 1, 50, 1e8) for b in (1e-8, .01, 1, 200, 1e5, 1e8)
           for x in (0, 1, 3, 24, 25, 2.5, 500, 500.5)]
for a, b, x in corners + [(spread(1e-3, 1e3), spread(1e-3, 1e8), some_x()) for _ in range(200)]:
    point("log_beta_rise", [a, b, x], log_beta_rise(a, b, x))

for _ in range(60):
    a, b = spread(1e-3, 1e4), spread(1e-3, 1e4)
    point("log_beta", [a, b], log(beta(mpf(a), mpf(b))))

for x in (-800, -40, -1, -1e-9, 0, 1e-9, 2, 37, 800):
    point("softplus", [x], mp.log1p(exp(mpf(x))))
    point("logistic", [x], 1 / (1 + exp(-mpf(x))))

for p in [.975, .5, .025, .9, 1e-10, 1e-300, .999999] + [random.random() for _ in range(30)] + [spread(1e-20, .1) for _ in range(20)]:
    value = -sqrt(mpf(2)) * erfinv(1 - 2 * mpf(p)) if p > 1e-60 else \
        mp.findroot(lambda y: log(mp.erfc(-y / sqrt(mpf(2))) / 2) - log(mpf(p)), -37)
    point("normal_quantile", [p], value)

for _ in range(100):
    df = random.choice([1, 2, 3, 7, spread(.5, 300)])
    x = spread(1e-3, 20) * df
    point("chi_squared_tail", [x, df], gammainc(mpf(df) / 2, mpf(x) / 2, regularized=True))

for _ in range(200):
    n, r, w = random.choice([0, 1, 5, random.randrange(600), random.randrange(5000)]), spread(1e-2, 1e3), spread(1e-5, 1e4)
    value = log_rise(r, n) - loggamma(mpf(n) + 1) + n * log(mpf(w) / (1 + mpf(w))) - mpf(r) * log(1 + mpf(w))
    point("log_negative_binomial", [n, r, w], value)
