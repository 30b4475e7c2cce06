#!/bin/sh
# Is every .c and .h as .clang-format has it?
cd "$(dirname "$0")/.." || exit
find . -path './build*' -prune -o -path ./.git -prune -o \( -name '*.c' -o -name '*.h' \) -print0 |
  xargs -0 clang-format --dry-run -Werror
