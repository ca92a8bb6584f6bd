#!/usr/bin/env python3
"""Makes assets.h and assets.c of the site's files: their bytes, their type, a hash of their content.
Usage: embed.py OUT.h OUT.c FILE…"""
import hashlib
import pathlib
import sys

TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8"}
HEADER = """/* Made of the files in web/: edit those. */
#pragma once
#include <stddef.h>

struct asset {
    const char *name, *type, *hash, *bytes;
    size_t length;
};
extern const struct asset assets[];
extern const size_t asset_count;
"""


def main(header, source, *files):
    pathlib.Path(header).write_text(HEADER)
    with open(source, "w", encoding="ascii") as out:
        print('#include "assets.h"', file=out)
        contents = [(pathlib.Path(name), pathlib.Path(name).read_bytes()) for name in files]
        for number, (_, content) in enumerate(contents):
            print(f"static const unsigned char bytes_{number}[] = {{{','.join(map(str, content))}}};", file=out)
        print("const struct asset assets[] = {", file=out)
        for number, (path, content) in enumerate(contents):
            digest = hashlib.sha256(content).hexdigest()[:16]
            print(f'{{"{path.name}", "{TYPES[path.suffix]}", "{digest}", (const char *)bytes_{number}, {len(content)}}},', file=out)
        print("};\nconst size_t asset_count = sizeof assets / sizeof *assets;", file=out)


if __name__ == "__main__":
    main(*sys.argv[1:])
