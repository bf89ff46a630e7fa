"""What pyarrow and DuckDB read of our Parquet, and Parquet of theirs: tests/goldens/corpus/.

Run from the repository root with scripts/requirements-oracle.txt installed, after scripts/oracles/parquet_file.ts:
    python scripts/oracles/corpus_goldens.py
Pinned: pyarrow 26.0.0, duckdb 2.0.0, Python 3.11. Deterministic, needs no network.

every_type.json    the columns of every_type.parquet (written by us) as pyarrow reads them, with types and metadata;
                   DuckDB must read the same, or the script ends with an error.
pyarrow_*.parquet  the same 300 texts, written by pyarrow with each codec and both versions of data pages; `plain` has
                   no dictionary, `groups` seven groups of rows.
duckdb.parquet     these texts as DuckDB writes them.
"""

import json
import math
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

OUT = Path("tests/goldens/corpus")


def plain(value):
    """JSON has neither NaN nor numbers of 64 bits that every reader keeps."""
    if isinstance(value, float) and (math.isnan(value) or math.isinf(value)):
        return {"float": str(value)}
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > 2**53 - 1:
        return {"int": str(value)}
    return [plain(item) for item in value] if isinstance(value, list) else value


def read_ours():
    path = OUT / "every_type.parquet"
    table = pq.read_table(path)
    columns = {name: plain(table[name].to_pylist()) for name in table.column_names}
    with_duckdb = duckdb.sql(f"select * from '{path}'")
    found = {name: plain(list(column)) for name, column in zip(with_duckdb.columns, zip(*with_duckdb.fetchall()))}
    assert json.dumps(found) == json.dumps(columns), (found, columns)
    metadata = {key.decode(): value.decode() for key, value in pq.read_metadata(path).metadata.items()}
    by_duckdb = duckdb.sql(f"select decode(key), decode(value) from parquet_kv_metadata('{path}')").fetchall()
    assert dict(by_duckdb) == metadata
    golden = {
        "types": {field.name: str(field.type) for field in table.schema},
        "duckdb": dict(zip(with_duckdb.columns, map(str, with_duckdb.types))),
        "columns": columns,
        "metadata": metadata,
    }
    (OUT / "every_type.json").write_text(json.dumps(golden, ensure_ascii=False, indent=1) + "\n")


def write_theirs():
    texts = [None if row % 50 == 49 else f"text {row % 7}" * (row % 3) for row in range(300)]
    table = pa.table({"id": [f"row-{row}" for row in range(300)], "text": texts, "number": list(range(300))})
    for codec in ["none", "snappy", "gzip", "zstd", "brotli", "lz4"]:
        pq.write_table(table, OUT / f"pyarrow_{codec}.parquet", compression=codec)
    pq.write_table(table, OUT / "pyarrow_pages_2.parquet", compression="zstd", data_page_version="2.0")
    pq.write_table(table, OUT / "pyarrow_plain.parquet", use_dictionary=False)
    pq.write_table(table, OUT / "pyarrow_groups.parquet", row_group_size=45)
    duckdb.from_arrow(table).write_parquet(str(OUT / "duckdb.parquet"), compression="zstd")


read_ours()
write_theirs()
