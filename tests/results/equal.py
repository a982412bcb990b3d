"""Whether two results folders are equal, but for wall-clock time.

    pip install numpy pyarrow
    python tests/results/equal.py DIR_A DIR_B

Every Parquet file of one has to be in the other, with the same columns, types, units and rows in the
same order; interval logs of simulated time and scenarios have to be the same bytes, and summaries
the same JSON. What was measured on a clock or tells of the machine is left out. Prints what differs
and exits with 1 if anything does.
"""

import json
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

# Histograms on the wall clock; `latency` of a summary has an entry for each, tables have columns.
WALL_HISTOGRAMS = ["iteration_us", "mailbox_us", "handler_us"]
# Checksums are of files with wall-clock times, too, and tables are compared by what they hold.
WALL_NUMBERS = ["threads", "wall_s", "models_per_s", "peak_memory_bytes", "files", "checksum"]
WALL_COLUMNS = ["wall_us", *WALL_NUMBERS]
SAME_BYTES = ["scenario.toml", "latency.hlog", "latency.run.hlog"]


def is_about_wall_clock(column):
    return column in WALL_COLUMNS or any(name in column for name in WALL_HISTOGRAMS)


def table(path):
    """The rows of a file that are not about the wall clock."""
    read = pq.read_table(path)
    read = read.select([name for name in read.column_names if not is_about_wall_clock(name)])
    if path.name == "latency.parquet":
        read = read.filter(pc.not_equal(read["clock"].cast(pa.string()), "wall"))
    return read.combine_chunks()


def differing_rows(a, b):
    """Where two columns of one length differ; not-a-number is equal to itself, and null to null."""
    nulls = [np.asarray(column.is_null()) for column in (a, b)]
    values = [column.to_numpy(zero_copy_only=False) for column in (a, b)]
    differs = np.asarray(values[0] != values[1], dtype=bool)
    if pa.types.is_floating(a.type):
        differs &= ~(np.isnan(values[0]) & np.isnan(values[1]))
    return np.flatnonzero((nulls[0] != nulls[1]) | differs & ~nulls[0])


def tables(a, b):
    """What differs between two tables."""
    if a.schema != b.schema:
        for name in dict.fromkeys(a.column_names + b.column_names):
            ours, theirs = (t.schema.field(name) if name in t.column_names else None for t in (a, b))
            if ours is None or theirs is None:
                yield f"column {name} is in one of them only"
            elif not ours.equals(theirs, check_metadata=True):
                yield f"column {name} is {ours} {ours.metadata}, and {theirs} {theirs.metadata}"
    if a.num_rows != b.num_rows:
        yield f"{a.num_rows} rows, and {b.num_rows}"
        return
    for name in a.column_names:
        if name not in b.column_names or a[name].type != b[name].type:
            continue
        rows = differing_rows(a[name], b[name])
        if len(rows):
            first = int(rows[0])
            ours, theirs = a[name][first], b[name][first]
            yield f"column {name} differs in {len(rows)} rows, first in row {first}: {ours}, and {theirs}"


def summary(path):
    """A summary without what is about the wall clock."""
    told = json.loads(path.read_text())
    for name in ["machine", *WALL_NUMBERS]:
        told.pop(name, None)
    for name in WALL_HISTOGRAMS:
        told.get("latency", {}).pop(name, None)
    return told


def values(a, b, place=""):
    """Where two JSON values differ."""
    if isinstance(a, dict) and isinstance(b, dict):
        for key in dict.fromkeys([*a, *b]):
            inner = f"{place}.{key}" if place else key
            if key in a and key in b:
                yield from values(a[key], b[key], inner)
            else:
                yield f"{inner} is in one of them only"
    elif a != b:
        yield f"{place}: {a}, and {b}"


def differences(a, b):
    """What differs between two files of the same name."""
    if a.suffix == ".parquet":
        yield from tables(table(a), table(b))
    elif a.name == "summary.json":
        yield from values(summary(a), summary(b))
    elif a.read_bytes() != b.read_bytes():
        yield "not the same bytes"


def compared_files(folder):
    """The files whose content is compared, by their names in the folder."""
    names = ["*.parquet", "summary.json", *SAME_BYTES]
    files = {path for name in names for path in folder.rglob(name)}
    # Parts of a table that is being written.
    return {str(path.relative_to(folder)) for path in files if not path.name.startswith(".")}


def main(a, b):
    files = [compared_files(folder) for folder in (a, b)]
    found = [f"{name} is in one of them only" for name in sorted(files[0] ^ files[1])]
    both = sorted(files[0] & files[1])
    for name in both:
        found += [f"{name}: {told}" for told in differences(a / name, b / name)]
    if not both:
        found.append("there is nothing to compare")
    print(*found, sep="\n", end="\n" if found else "")
    print(f"{len(both)} files compared, {len(found)} differences")
    return 1 if found else 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(*map(Path, sys.argv[1:])))
