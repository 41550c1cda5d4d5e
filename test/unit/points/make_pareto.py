#!/usr/bin/env python3
"""Points of test/unit/pareto.c, from the definitions of Pareto/NBD:

loglik		r alpha s beta x t_x T		ln L, and its derivatives by r, alpha, s, beta
alive		r alpha s beta x t_x T		ln P(alive)
expected	r alpha s beta x t_x T t	purchases in (T, T + t]
probability	r alpha s beta x t_x T n t	of n purchases in (T, T + t]
discounted	r alpha s beta x t_x T d	purchases from T on, times exp(-d * time)

L is the sum over the ways to have left (and not to have); the derivatives are
differences of it in sixty digits."""
import random
from definition import mp, mpf, exp, log, panel, upward, whole, point
from make_expint import scaled_expint

random.seed(5)
gamma_rise = lambda r, x: mp.loggamma(r + x) - mp.loggamma(r)


def parts(r, alpha, s, beta, x, t_x, t):
    """Logarithms of the likelihoods of those who are alive and of those who left."""
    common = gamma_rise(r, x) + r * log(alpha) + s * log(beta)
    alive = common - (r + x) * log(alpha + t) - s * log(beta + t)
    if t_x == t:
        return alive, mpf("-inf")
    peak = -(r + x) * log(alpha + t_x) - (s + 1) * log(beta + t_x)
    left = upward(lambda u: [exp(-(r + x) * log(alpha + u) - (s + 1) * log(beta + u) - peak)], t_x, t,
                  lambda u: min(alpha + u, beta + u, 20 / ((r + x) / (alpha + u) + (s + 1) / (beta + u))))[0]
    return alive, common + log(s * left) + peak


def loglik(*point):
    alive, left = parts(*point)
    return alive + mp.log1p(exp(left - alive))


def log_alive(*point):
    alive, left = parts(*point)
    return -mp.log1p(exp(left - alive))


def derivative(i, *point):
    h = point[i] * mpf(10) ** -18
    return (loglik(*point[:i], point[i] + h, *point[i + 1:])
            - loglik(*point[:i], point[i] - h, *point[i + 1:])) / (2 * h)


def now(r, alpha, s, beta, x, t_x, t):
    return exp(log_alive(r, alpha, s, beta, x, t_x, t)) * (r + x) / (alpha + t)


def expected(point, horizon):
    r, alpha, s, beta, x, t_x, t = point
    b = beta + t
    if s == 1:
        return now(*point) * b * log(1 + horizon / b)
    return now(*point) * b * ((1 + horizon / b) ** (1 - s) - 1) / (1 - s)


def probability(point, n, horizon):
    """Of somebody alive: n by the end, then alive; or n by when they leave."""
    r, alpha, s, beta, x, t_x, t = point
    a, b, shape = alpha + t, beta + t, r + x
    ways = exp(gamma_rise(shape, n) - mp.loggamma(n + 1))

    def bought(u):
        return ways * exp(n * log(u) - (n + shape) * log(a + u) + shape * log(a))

    def leaves(u):
        return [bought(u) * s * b ** s / (b + u) ** (s + 1)]

    def step(u):
        return min(a + u, b + u, 20 / ((n + shape) / (a + u) + (s + 1) / (b + u)))

    alive = exp(log_alive(*point))
    stays = bought(horizon) * (b / (b + horizon)) ** s
    if n == 0:
        return 1 - alive + alive * (stays + upward(leaves, mpf(0), horizon, step)[0])

    # u^n near 0 is a polynomial, exact if n < 100, and else nothing
    first = min(horizon, step(mpf(0)))
    while n >= 100 and bought(first) > mpf(10) ** -90 and first > horizon / 10 ** 60:
        first /= 2
    return alive * (stays + panel(leaves, mpf(0), first)[0]
                    + whole(leaves, first, horizon, lambda u: min(step(u), 20 * u / n, u)))


def spread(low, high):
    return mpf(float(mpf(low) * (mpf(high) / mpf(low)) ** random.random()))


def model():
    return spread(.01, 10), spread(1e-3, 1e3), spread(.01, 10), spread(1e-3, 1e3)


def buyer():
    x = random.choice([0, 0, 1, 2, random.randrange(3, 20), random.randrange(20, 501)])
    t = spread(1, 5000)
    t_x = 0 if x == 0 else t if random.random() < .15 else t * random.random()
    return mpf(x), mpf(float(t_x)), t


def numbers(values):
    return tuple(mpf(float(v)) for v in values)


points = [model() + buyer() for _ in range(220)]

# corners: alpha = beta and next to it, s = 1, many purchases, t_x = T, t_x = 0, T long, T short, T = 0
for alpha, beta in ((7, 7), (7, 7.000001), (7.000001, 7), (1e-3, 1e3), (1e3, 1e-3), (1e-3, 1e-3), (1e3, 1e3)):
    for x, t_x, t in ((0, 0, 5000), (500, 0, 5000), (500, 100, 200), (500, 1, 1), (1, 0, 1), (3, 4999.9, 5000),
                      (20, 0, 1)):
        for r, s in random.sample([(.01, .01), (10, 10), (.5, 1), (.01, 10), (10, .01), (2, 1.0000001)], 2):
            points.append(numbers((r, alpha, s, beta, x, t_x, t)))
# likelihoods at the ends of what an optimiser tries: nobody leaves, everybody is alike, T = 0
extreme = [numbers(p) for p in ((.5, .3, .5, 1e8, 2, .3, 1), (.5, .3, 1e-8, 1e8, 2, .3, 1), (.5, .3, 1e8, 1e8, 2, .3, 1),
                                (1e8, 1e8, .5, .3, 2, .3, 1), (1e-8, 1e-8, .5, .3, 0, 0, 1), (.5, .3, .5, 1e-8, 0, 0, 1),
                                (.5, 1e-8, 1e-8, .3, 5, 0, 1), (.5, .3, .5, .3, 0, 0, 0), (.5, .3, .5, .3, 5, 0, 0),
                                (.5, 10, .5, 10, 1000, 3, 5))]

for p in points + extreme:
    point("loglik", p, loglik(*p), *(derivative(i, *p) for i in range(4)))
    point("alive", p, log_alive(*p))
for p in points:
    t = spread(.1, 5000)
    point("expected", p + (t,), expected(p, t))
    rate = spread(1e-7, 1e-2)
    point("discounted", p + (rate,), now(*p) * (p[3] + p[6]) * scaled_expint(p[2], rate * (p[3] + p[6])))
for p in random.sample(points, 160):
    t = spread(.1, 5000)
    likely = int(expected(p, t))
    n = random.choice([0, 0, 1, 2, random.randrange(0, 10), min(likely, 400), min(2 * likely + 3, 500), 500])
    point("probability", p + (n, t), probability(p, n, t))
# somebody new
for _ in range(20):
    p = model() + (mpf(0), mpf(0), mpf(0))
    t = spread(.1, 5000)
    point("expected", p + (t,), expected(p, t))
    point("probability", p + (3, t), probability(p, 3, t))
