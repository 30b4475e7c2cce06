#!/usr/bin/python3
"""Writes the preset files given as a C table: embed.py FILE.yaml... > preset_texts.c"""

import pathlib
import sys

print('#include "sources/preset.h"\n\nconst struct preset_text preset_texts[] = {')
for path in map(pathlib.Path, sys.argv[1:]):
    print(f'\t{{ "{path.stem}",')
    for line in path.read_text(encoding="utf-8").splitlines():
        escaped = "".join(
            "\\" + c if c in '"\\' else c if " " <= c <= "~" else "".join(f"\\{b:03o}" for b in c.encode())
            for c in line
        )
        print(f'\t\t"{escaped}\\n"')
    print("\t},")
print("\t{ NULL, NULL },\n};")
