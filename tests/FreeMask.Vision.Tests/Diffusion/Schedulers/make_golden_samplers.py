"""Golden values of samplers from their published formulas, in double precision and in the form in which the papers state them:

Heun (Karras et al. 2022, algorithm 1 without churn), LMS (Adams-Bashforth with uneven steps, k-diffusion's sample_lms, order 4), UniPC
(Zhao et al. 2023, algorithms 1 and 2, B(h) of both kinds, order 2 with its corrector), DPM-Solver++ (Lu et al. 2022, algorithm 2, order 1, midpoint
and Heun's form), DEIS (Zhang and Chen 2023, tAB over log(rho), order 1 and 2), TCD (Zheng et al. 2024, equation 14 with gamma 0.3). Timesteps and
sigmas are spaced as diffusers spaces them.

A fake model predicts sin(1.3 input + t / 1000); latents start at [1, -0.5, 0.25, 2] times the first noise level; all noise is 0.5.

    python3 make_golden_samplers.py > golden_samplers.json
"""
import json
import math

T = 1000
START = [1.0, -0.5, 0.25, 2.0]
NOISE = 0.5


def alphas():
    product, result = 1.0, []
    for i in range(T):
        beta = (math.sqrt(0.00085) + (math.sqrt(0.012) - math.sqrt(0.00085)) * i / (T - 1)) ** 2
        product *= 1 - beta
        result.append(product)
    return result


AC = alphas()
TABLE = [math.sqrt((1 - a) / a) for a in AC]


def model(x, scale, t):
    return [math.sin(1.3 * v * scale + t / 1000) for v in x]


def at(place):
    low = min(max(int(math.floor(place)), 0), T - 1)
    high = min(low + 1, T - 1)
    return TABLE[low] + (place - low) * (TABLE[high] - TABLE[low])


def even(n):
    return [(T - 1) * (n - 1 - k) / (n - 1) for k in range(n)]


def even_plus_one(n):
    return [float(round((T - 1) * (n - k) / n)) for k in range(n)]


def combine(*terms):
    return [sum(weight * vector[i] for weight, vector in terms) for i in range(len(terms[0][1]))]


def heun(n, leading=False):
    ts = [float((n - 1 - k) * (T // n) + 1) for k in range(n)] if leading else even(n)
    s = [at(t) for t in ts] + [0.0]
    init = math.sqrt(s[0] ** 2 + 1) if leading else s[0]
    x, calls, sigmas, path = [v * init for v in START], [], [s[0]], []
    for i in range(n):
        calls.append(ts[i])
        slope = model(x, 1 / math.sqrt(s[i] ** 2 + 1), ts[i])
        ahead = combine((1, x), (s[i + 1] - s[i], slope))
        path.append(ahead)
        if s[i + 1] > 0:
            calls.append(ts[i + 1])
            sigmas += [s[i + 1], s[i + 1]]
            second = model(ahead, 1 / math.sqrt(s[i + 1] ** 2 + 1), ts[i + 1])
            ahead = combine((1, x), ((s[i + 1] - s[i]) / 2, slope), ((s[i + 1] - s[i]) / 2, second))
            path.append(ahead)
        x = ahead
    return calls, sigmas + [0.0], init, path


def lagrange_integral(nodes, which, a, b):
    """The integral of the polynomial that is 1 at one node and 0 at the others, by its coefficients."""
    poly, scale = [1.0], 1.0
    for k, node in enumerate(nodes):
        if k == which:
            continue
        poly = [(poly[i - 1] if i > 0 else 0) - node * (poly[i] if i < len(poly) else 0) for i in range(len(poly) + 1)]
        scale *= nodes[which] - node
    return sum(c * (b ** (i + 1) - a ** (i + 1)) / (i + 1) for i, c in enumerate(poly)) / scale


def lms(n):
    ts = even(n)
    s = [at(t) for t in ts] + [0.0]
    x, slopes, path = [v * s[0] for v in START], [], []
    for i in range(n):
        slopes.insert(0, model(x, 1 / math.sqrt(s[i] ** 2 + 1), ts[i]))
        slopes = slopes[:4]
        nodes = [s[i - k] for k in range(len(slopes))]
        x = combine((1, x), *[(lagrange_integral(nodes, k, s[i], s[i + 1]), slope) for k, slope in enumerate(slopes)])
        path.append(x)
    return ts, s, s[0], path


def alpha_sigma(s):
    a = 1 / math.sqrt(s * s + 1)
    return a, s * a


def lam(s):
    return -math.log(s) if s > 0 else math.inf


def unipc(n, kind):
    ts = even_plus_one(n)
    s = [at(t) for t in ts] + [0.0]
    x, before, outputs, path, last_order = START[:], None, [], [], 0
    for i in range(n):
        a, sig = alpha_sigma(s[i])
        noise = model(x, 1, ts[i])
        clean = combine((1 / a, x), (-sig / a, noise))
        if i > 0:
            # UniC: from the corrected latent of the step before, with the new output.
            h = lam(s[i]) - lam(s[i - 1])
            bh = -h if kind == "bh1" else math.expm1(-h)
            phi1 = math.expm1(-h) / -h - 1
            terms = [(sig / alpha_sigma(s[i - 1])[1], before), (-a * math.expm1(-h), outputs[0])]
            if last_order == 1:
                terms += [(-a * bh * 0.5, clean), (a * bh * 0.5, outputs[0])]
            else:
                r = (lam(s[i - 2]) - lam(s[i - 1])) / h
                b1, b2 = phi1 / bh, 2 * (phi1 / -h - 0.5) / bh
                # rho1 + rho2 = b1, r rho1 + rho2 = b2
                rho1 = (b1 - b2) / (1 - r)
                rho2 = b1 - rho1
                terms += [(-a * bh * rho1 / r, outputs[1]), (a * bh * rho1 / r, outputs[0]), (-a * bh * rho2, clean), (a * bh * rho2, outputs[0])]
            x = combine(*terms)
        outputs = [clean] + outputs[:1]
        last_order = min(2, n - i, i + 1)
        before = x
        an, sn = alpha_sigma(s[i + 1])
        h = lam(s[i + 1]) - lam(s[i])
        e = math.expm1(-h)
        terms = [(sn / sig, x), (-an * e, outputs[0])]
        if last_order == 2:
            bh = -h if kind == "bh1" else e
            r = (lam(s[i - 1]) - lam(s[i])) / h
            terms += [(-an * bh * 0.5 / r, outputs[1]), (an * bh * 0.5 / r, outputs[0])]
        x = combine(*terms)
        path.append(x)
    return ts, s, 1.0, path


def dpm(n, order, form, ends_small):
    ts = even_plus_one(n)
    s = [at(t) for t in ts] + [TABLE[0] if ends_small else 0.0]
    x, outputs, path = START[:], [], []
    for i in range(n):
        a, sig = alpha_sigma(s[i])
        outputs = [combine((1 / a, x), (-sig / a, model(x, 1, ts[i])))] + outputs[:1]
        an, sn = alpha_sigma(s[i + 1])
        h = lam(s[i + 1]) - lam(s[i])
        terms = [(sn / sig, x), (-an * math.expm1(-h), outputs[0])]
        if order == 2 and i > 0 and not (i == n - 1 and (not ends_small or n < 15)):
            r = (lam(s[i]) - lam(s[i - 1])) / h
            weight = -an * math.expm1(-h) / 2 if form == "midpoint" else an * (math.expm1(-h) / h + 1)
            terms += [(weight / r, outputs[0]), (-weight / r, outputs[1])]
        x = combine(*terms)
        path.append(x)
    return ts, s, 1.0, path


def deis(n, order):
    ts = even_plus_one(n)
    s = [at(t) for t in ts] + [TABLE[0]]
    x, noises, path = START[:], [], []
    for i in range(n):
        a, an = alpha_sigma(s[i])[0], alpha_sigma(s[i + 1])[0]
        noises = [model(x, 1, ts[i])] + noises[:1]
        weights = [s[i + 1] - s[i]]
        if order == 2 and i > 0 and not (i == n - 1 and n < 15):
            # Simpson's rule for the integral of each line over rho.
            def line(rho, one, zero):
                return (math.log(rho) - math.log(zero)) / (math.log(one) - math.log(zero))

            pieces, weights = 20000, []
            for one, zero in ((s[i], s[i - 1]), (s[i - 1], s[i])):
                width = (s[i + 1] - s[i]) / pieces
                weights.append(sum((1 if k in (0, pieces) else 4 if k % 2 else 2) * line(s[i] + k * width, one, zero) for k in range(pieces + 1)) * width / 3)
        x = combine((an / a, x), *[(an * weight, noise) for weight, noise in zip(weights, noises)])
        path.append(x)
    return ts, s, 1.0, path


def tcd(n, gamma=0.3):
    stride = T // 50
    ts = [(50 - i * 50 // n) * stride - 1 for i in range(n)]
    x, path = START[:], []
    for i, t in enumerate(ts):
        target = ts[i + 1] if i + 1 < n else 0
        between = math.floor((1 - gamma) * target)
        noise = model(x, 1, t)
        clean = combine((1 / math.sqrt(AC[t]), x), (-math.sqrt((1 - AC[t]) / AC[t]), noise))
        x = combine((math.sqrt(AC[between]), clean), (math.sqrt(1 - AC[between]), noise))
        if i + 1 < n:
            keep = AC[target] / AC[between]
            x = [math.sqrt(keep) * v + math.sqrt(1 - keep) * NOISE for v in x]
        path.append(x)
    return [float(t) for t in ts], [], 1.0, path


SAMPLERS = {
    "heun": heun(8),
    "heun_leading_off1": heun(8, leading=True),
    "lms": lms(10),
    "unipc_bh2": unipc(10, "bh2"),
    "unipc_bh1": unipc(10, "bh1"),
    "unipc_two_steps": unipc(2, "bh2"),
    "dpm_order1": dpm(10, 1, "midpoint", False),
    "dpm_heun": dpm(10, 2, "heun", False),
    "dpm_smallest": dpm(10, 2, "midpoint", True),
    "dpm_smallest_many": dpm(16, 2, "heun", True),
    "deis_order2": deis(10, 2),
    "deis_order2_many": deis(16, 2),
    "deis_order1": deis(10, 1),
    "tcd4": tcd(4),
}
print(json.dumps({"note": __doc__.split("\n")[0], "schedulers": {name: dict(zip(("timesteps", "sigmas", "init_sigma", "trajectory"), value)) for name, value in SAMPLERS.items()}}, indent=1))
