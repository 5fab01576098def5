"""What is made of measured values: percentiles, ratios, and the lines that are printed of them."""

import importlib.machinery
import importlib.util
from pathlib import Path

HERE = Path(__file__).resolve().parent


def at(values, part):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * part))]


def ratio(values, base, part):
    """How many times faster than `base`, at that percentile of each."""
    return at(base, part) / at(values, part)


def title(text):
    print(f"\n{text}\n{'-' * len(text)}", flush=True)


def times_table(times, bases):
    """Of {name: microseconds}: p50, p90, p99, and how many times faster than each base at its p50 and p99."""
    heads = "".join(f"{'vs ' + base:>20}" for base in bases)
    print(f"{'':26}{'p50':>10}{'p90':>10}{'p99':>10}{heads}")
    for name, values in times.items():
        line = "".join(f"{at(values, part) / 1000:>7.2f} ms" for part in (.5, .9, .99))
        for base in bases:
            line += f"{ratio(values, times[base], .5):>12.2f}/{ratio(values, times[base], .99):<5.2f}x "
        print(f"{name:26}{line}", flush=True)


def script(name):
    """Another benchmark of this folder, whose file has no ending, as a module."""
    loader = importlib.machinery.SourceFileLoader("bench_" + name, str(HERE / name))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module
