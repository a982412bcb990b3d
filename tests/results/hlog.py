"""Checks the interval logs of a results folder with an independent reader.

    pip install hdrhistogram pandas pyarrow
    python tests/results/hlog.py results/NAME …

For every run, each histogram in latency.hlog and latency.wall.hlog must be one row with values in
latency.parquet, on the same clock and in the same order, and the row must say what the reader
says: the number of values exactly, each percentile as the reader's value, but never more than the
greatest value, which the table has exactly and a histogram only to three digits. The names of both
end in their units, and the values must agree in them. latency.run.hlog has all intervals of
latency.hlog added up.
"""

import sys
from pathlib import Path

import pandas as pd
from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader

PERCENTILES = {"p50": 50.0, "p90": 90.0, "p99": 99.0, "p999": 99.9}


def histograms(path):
    """Tag, histogram, start and end [s] of every line."""
    reader = HistogramLogReader(str(path), HdrHistogram(1, 2**52, 3))
    start = 0.0
    while (histogram := reader.get_next_interval_histogram()) is not None:
        begun = histogram.get_start_time_stamp() / 1000
        assert begun >= start, f"{path}: times go back from {start} s to {begun} s"
        start = begun
        yield histogram.get_tag(), histogram
    reader.close()


# Unit of a tag: that of the table, and how many of the former make one of the latter.
UNITS = {"us": ("ms", 1000), "ns": ("us", 1000), "iterations": ("iterations", 1)}


def tabled(tag):
    """The name that a table has for a log's tag, and how many of the log's units make one of its."""
    name, _, unit = tag.rpartition("_")
    unit, many = UNITS[unit]
    return f"{name}_{unit}", many


def check(run):
    """Compares the logs of a run with its table; the number of histograms."""
    table = pd.read_parquet(run / "latency.parquet")
    compared = 0
    for name, clock in [("latency.hlog", "simulated"), ("latency.wall.hlog", "wall")]:
        rows = table[(table.clock == clock) & (table["count"] > 0)]
        logged = list(histograms(run / name))
        assert len(logged) == len(rows), f"{run / name}: {len(logged)} of {len(rows)} histograms"
        for (tag, histogram), row in zip(logged, rows.itertuples()):
            place = f"{run / name}: {tag} of iterations {row.from_iteration} to {row.to_iteration}"
            name, unit = tabled(tag)
            assert name == row.histogram, f"{place}: the table has {row.histogram}"
            assert histogram.get_total_count() == row.count, place
            for column, percent in PERCENTILES.items():
                read = histogram.get_value_at_percentile(percent) / unit
                told = getattr(row, column)
                assert told == min(read, row.max), f"{place}: {column} is {told}, not {read}"
            # Three digits.
            greatest = histogram.get_max_value() / unit
            assert row.max <= greatest <= row.max * 1.001 + 1e-9, f"{place}: maximum {greatest}"
            compared += 1
    whole = {}
    for tag, histogram in histograms(run / "latency.hlog"):
        whole.setdefault(tag, HdrHistogram(1, 2**52, 3)).add(histogram)
    logged = dict(histograms(run / "latency.run.hlog"))
    assert whole.keys() == logged.keys(), f"{run}: {whole.keys()} are not {logged.keys()}"
    for tag, histogram in logged.items():
        of = lambda h: [h.get_total_count(), *map(h.get_value_at_percentile, PERCENTILES.values())]
        assert of(histogram) == of(whole[tag]), f"{run}: {tag} of the run is not its intervals"
    return compared


def main(folder):
    runs = sorted((Path(folder) / "runs").iterdir())
    assert runs, f"no runs in {folder}"
    for run in runs:
        compared = check(run)
        assert compared > 0, f"no histograms in {run}"
        print(f"{run}: {compared} histograms")


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        main(argument)
