"""Looks for payroll in everything that a run leaves behind. Each check answers what it found: an empty list is what one hopes for."""

import re

import pyarrow
import pyarrow.parquet
import pyarrow.types

# Every free text of a payroll row begins with this.
MARKER = "PAYROLL-CANARY-"
# Every salary, tax or pension is 77013 and two more digits, and hundredths; no other amount is.
SALARY = re.compile(rb"(?<![0-9A-Za-z])-?77013\d\d(?![0-9A-Za-z])")


def read(file):
    """A file's bytes; those of the cache's rows before they were compressed."""
    if file.suffix != ".rows":
        return file.read_bytes()
    with pyarrow.OSFile(str(file)) as compressed, pyarrow.CompressedInputStream(compressed, "zstd") as stream:
        return stream.read()


def markers_in_bytes(files):
    """Files that hold the marker."""
    return [file for file in files if MARKER.encode() in read(file)]


def markers_in_columns(files):
    """Columns of Parquet files that hold the marker once they are decompressed and decoded."""
    found = []
    for file in files:
        table = pyarrow.parquet.ParquetFile(file).read()
        for name, column in zip(table.column_names, table.columns, strict=True):
            if not pyarrow.types.is_string(column.type):
                continue
            if any(MARKER in value for value in column.to_pylist() if value is not None):
                found.append((file, name))
    return found


def salaries_in_columns(files):
    """Columns of Parquet files that hold an amount that only payroll has."""
    found = []
    for file in files:
        table = pyarrow.parquet.ParquetFile(file).read()
        for name, column in zip(table.column_names, table.columns, strict=True):
            if not pyarrow.types.is_decimal(column.type):
                continue
            if any(abs(int(value)) // 100 == 77013 for value in column.to_pylist() if value is not None):
                found.append((file, name))
    return found


def payroll_lines_in_spend(files, payroll_line_ids):
    """Ids of lines of `spend` that are payroll by what was booked."""
    found = set()
    for file in files:
        ids = pyarrow.parquet.ParquetFile(file).read(["line_id"]).column(0).to_pylist()
        found |= payroll_line_ids.intersection(ids)
    return sorted(found)


def payroll_in_text(text, payroll_line_ids):
    """Markers, amounts and ids of payroll in what was printed, logged or written as JSON."""
    found = re.findall(re.escape(MARKER).encode() + rb"[\w-]*", text) + SALARY.findall(text)
    return found + [digits for digits in re.findall(rb"\d{15,}", text) if int(digits) in payroll_line_ids]
