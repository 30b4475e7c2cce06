/* What every test includes: cmocka with the headers it wants, and checks on views. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"

/* Fails with both texts shown. */
#define check_str(actual, expected)                                                      \
	do {                                                                             \
		struct str actual_ = (actual), expected_ = (expected);                   \
		if (!str_eq(actual_, expected_) || !actual_.p != !expected_.p) {         \
			print_error("got  '%.*s'%s\nnot  '%.*s'%s\n", STR_ARGS(actual_), \
				actual_.p ? "" : " (absent)", STR_ARGS(expected_),       \
				expected_.p ? "" : " (absent)");                         \
			fail();                                                          \
		}                                                                        \
	} while (0)

#define check_text(actual, literal) check_str((actual), STR(literal))
