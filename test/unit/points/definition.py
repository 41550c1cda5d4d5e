"""Integrals in fifty digits, for the scripts that make points.

Not mpmath's quad: the integrands here are powers up to the thousandth, whose
peak it may miss.  Gauss's rule of sixty points, on intervals across each of
which an integrand changes by a factor of e^20 at most, and is far from where
it's singular, leaves out less than 1e-60 of it.
"""
from mpmath import mp, mpf, cos, pi, exp, log, nstr

mp.dps = 60


def legendre(n):
    rule = []
    for i in range(n):
        x = cos(pi * (i + mpf(3) / 4) / (n + mpf(1) / 2))
        for _ in range(12):
            below, value = mpf(1), x
            for k in range(2, n + 1):
                below, value = value, ((2 * k - 1) * x * value - (k - 1) * below) / k
            slope = n * (x * value - below) / (x * x - 1)
            x -= value / slope
        rule.append((x, 2 / ((1 - x * x) * slope * slope)))
    return rule


RULE = legendre(60)


def panel(f, low, high):
    """Integrals of all components of f between the two."""
    half, middle = (high - low) / 2, (high + low) / 2
    sums = None
    for x, weight in RULE:
        values = [weight * half * v for v in f(middle + half * x)]
        sums = values if sums is None else [a + b for a, b in zip(sums, values)]
    return sums


def upward(f, low, high, step):
    """From low to high, or until nothing more comes of it; step(u): how far to go from there."""
    total = None
    while low < high:
        end = min(low + step(low), high)
        part = panel(f, low, end)
        total = part if total is None else [a + b for a, b in zip(total, part)]
        if abs(part[0]) < abs(total[0]) * mpf(10) ** -58:
            break
        low = end
    return total


def whole(f, low, high, step):
    """From low to high, of what is small at first: so without looking where it ends."""
    total = mpf(0)
    while low < high:
        end = min(low + step(low), high)
        total += panel(f, low, end)[0]
        low = end
    return total


def show(x):
    return nstr(x, 20, min_fixed=0, max_fixed=0)


def point(name, arguments, *values):
    print(name, *(repr(float(a)) for a in arguments), *(show(v) for v in values))
