#!/usr/bin/env python3
"""Makes sql.h and sql.c of the .sql files of this folder. x.sql holds the statements on files of kind x, each of which becomes
an enum value and a C string; x_1.sql, x_2.sql … are the steps of its schema, a C string each. "(?, …) * 3" becomes "(?, …), (?, …), (?, …)".
Usage: embed_sql.py OUT.h OUT.c x.sql … x_1.sql …"""
import pathlib
import re
import sys


def c_string(text):
    escaped = (line.replace("\\", "\\\\").replace('"', '\\"') for line in text.strip().splitlines())
    return "\n".join(f'    "{line}\\n"' for line in escaped)


def statements(text):
    parts = re.split(r"^-- name: (\w+)\n", text, flags=re.M)[1:]
    for name, body in zip(parts[0::2], parts[1::2]):
        body = re.sub(r"^--.*\n", "", body, flags=re.M)
        yield name, re.sub(r"(\([?, ]+\)) \* (\d+)", lambda found: ", ".join([found[1]] * int(found[2])), body)


def main(header, source, *files):
    texts = {pathlib.Path(f).stem: pathlib.Path(f).read_text() for f in files}
    steps = {stem: text for stem, text in texts.items() if re.search(r"_\d+$", stem)}
    kinds = [stem for stem in texts if stem not in steps]
    found = [(kind, name, body) for kind in kinds for name, body in statements(texts[kind])]
    with open(header, "w") as out:
        print("/* Made from the .sql files beside it: edit those. */\n#pragma once\n\nenum sql_file {", file=out)
        for kind in kinds:
            print(f"    SQL_FILE_{kind.upper()},", file=out)
        print("};\n\nenum sql {", file=out)
        for _, name, _ in found:
            print(f"    SQL_{name.upper()},", file=out)
        print("    SQL_COUNT\n};\n\nstruct sql_statement {\n    const char *name, *text;\n    enum sql_file file;\n};", file=out)
        print("extern const struct sql_statement sql_statements[SQL_COUNT];", file=out)
        for name in steps:
            print(f"extern const char sql_{name}[];", file=out)
    with open(source, "w") as out:
        print('#include "sql.h"\n\nconst struct sql_statement sql_statements[SQL_COUNT] = {', file=out)
        for kind, name, body in found:
            print(f'{{"{name}",\n{c_string(body)},\n    SQL_FILE_{kind.upper()}}},', file=out)
        print("};", file=out)
        for name, text in steps.items():
            print(f"\nconst char sql_{name}[] =\n{c_string(text)};", file=out)


if __name__ == "__main__":
    main(*sys.argv[1:])
