#!/usr/bin/env python3
"""Makes click_statements.h and .c of a .sql file: each statement ("-- name: lines") a C string, click_lines.
Usage: embed_click.py OUT.h OUT.c FILE.sql"""
import pathlib
import re
import sys


def main(header, source, statements):
    parts = re.split(r"^-- name: (\w+)\n", pathlib.Path(statements).read_text(), flags=re.M)[1:]
    with open(header, "w") as out_h, open(source, "w") as out_c:
        print("/* Made from the .sql file beside it: edit that. */\n#pragma once", file=out_h)
        print(f'#include "{pathlib.Path(header).name}"', file=out_c)
        for name, body in zip(parts[0::2], parts[1::2]):
            lines = [line.strip() for line in body.splitlines()]
            quoted = "\n".join('    "' + line.replace("\\", "\\\\").replace('"', '\\"') + ' "' for line in lines if line and not line.startswith("--"))
            print(f"extern const char click_{name}[];", file=out_h)
            print(f"\nconst char click_{name}[] =\n{quoted};", file=out_c)


if __name__ == "__main__":
    main(*sys.argv[1:])
