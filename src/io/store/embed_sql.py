#!/usr/bin/env python3
"""Makes sql.h and sql.c of the .sql files of this folder: each statement an enum value and a C string, each schema
step a C string.  Usage: embed_sql.py OUT.h OUT.c statements.sql state_1.sql …"""
import pathlib
import re
import sys


def c_string(text):
    escaped = (line.replace("\\", "\\\\").replace('"', '\\"') for line in text.strip().splitlines())
    return "\n".join(f'    "{line}\\n"' for line in escaped)


def statements(text):
    parts = re.split(r"^-- name: (\w+)( @queries)?\n", text, flags=re.M)[1:]
    for name, where, body in zip(parts[0::3], parts[1::3], parts[2::3]):
        yield name, bool(where), re.sub(r"^--.*\n", "", body, flags=re.M)


def main(header, source, statements_file, *schemas):
    found = list(statements(pathlib.Path(statements_file).read_text()))
    steps = [(pathlib.Path(s).stem, pathlib.Path(s).read_text()) for s in schemas]
    with open(header, "w") as out:
        print("/* Made from the .sql files beside it: edit those. */\n#pragma once\n#include <stdbool.h>\n\nenum sql {", file=out)
        for name, _, _ in found:
            print(f"    SQL_{name.upper()},", file=out)
        print("    SQL_COUNT\n};\n\nstruct sql_statement {\n    const char *name, *text;\n    bool queries;\n};", file=out)
        print("extern const struct sql_statement sql_statements[SQL_COUNT];", file=out)
        for name, _ in steps:
            print(f"extern const char sql_{name}[];", file=out)
    with open(source, "w") as out:
        print('#include "sql.h"\n\nconst struct sql_statement sql_statements[SQL_COUNT] = {', file=out)
        for name, queries, body in found:
            print(f'{{"{name}",\n{c_string(body)},\n    {"true" if queries else "false"}}},', file=out)
        print("};", file=out)
        for name, text in steps:
            print(f"\nconst char sql_{name}[] =\n{c_string(text)};", file=out)


if __name__ == "__main__":
    main(*sys.argv[1:])
