#!/usr/bin/env python3
"""Points of test/unit/expint.c: s, z, and e^z E_s(z) from its definition, the
integral of e^(-z u) (1 + u)^-s from 0 to infinity; w = ln(1 + u)."""
import random
from definition import mpf, exp, upward, point

random.seed(4)


def scaled_expint(s, z):
    s, z = mpf(s), mpf(z)
    return upward(lambda w: [exp(-z * (exp(w) - 1) + (1 - s) * w)], mpf(0), mpf(10) ** 9,
                  lambda w: min(mpf(1) / 2, 10 / (s + z * exp(w))))[0]


if __name__ == "__main__":
    corners = [(s, z) for s in (1e-6, .5, 1, 1 - 1e-9, 1 + 1e-14, 1.5, 2, 3, 31.9, 32, 1000)
               for z in (1e-6, .1, 1.999, 2, 50, 1e4)]
    for s, z in corners + [(10 ** random.uniform(-3, 3.5), 10 ** random.uniform(-6, 4)) for _ in range(250)]:
        point("expint", [s, z], scaled_expint(s, z))
