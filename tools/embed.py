#!/usr/bin/env python3
"""Makes NAMEs.h and NAMEs.c of files: an array NAMEs of their names, their bytes, their type, a hash of their content, and their number, NAME_count.
Usage: embed.py NAMEs.h NAMEs.c FILE…"""
import hashlib
import pathlib
import sys

TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8", ".yaml": "application/yaml"}
HEADER = """/* Made by tools/embed.py: edit the files themselves. */
#pragma once
#include <stddef.h>

struct @ {
    const char *name, *id, *type, *hash, *bytes; /* id: the name without its suffix */
    size_t length; /* without the NUL that ends the bytes */
};
extern const struct @ @s[];
extern const size_t @_count;
"""


def main(header, source, *files):
    name = pathlib.Path(header).stem[:-1]
    pathlib.Path(header).write_text(HEADER.replace("@", name))
    with open(source, "w", encoding="ascii") as out:
        print(f'#include "{name}s.h"', file=out)
        contents = [(pathlib.Path(name), pathlib.Path(name).read_bytes()) for name in files]
        for number, (_, content) in enumerate(contents):
            print(f"static const unsigned char bytes_{number}[] = {{{','.join(map(str, content + bytes(1)))}}};", file=out)
        print(f"const struct {name} {name}s[] = {{", file=out)
        for number, (path, content) in enumerate(contents):
            digest = hashlib.sha256(content).hexdigest()[:16]
            print(f'{{"{path.name}", "{path.stem}", "{TYPES[path.suffix]}", "{digest}", (const char *)bytes_{number}, {len(content)}}},', file=out)
        print(f"}};\nconst size_t {name}_count = sizeof {name}s / sizeof *{name}s;", file=out)


if __name__ == "__main__":
    main(*sys.argv[1:])
