/* The kinds of notifier, in the order in which help shows them. A kind is notifiers/NAME.c and one
 * line here, which C includes and meson reads. */
#pragma once

/* clang-format off */
#define NOTIFIER_LIST(KIND) \
	KIND(desktop) \
	KIND(email) \
	KIND(webhook) \
	KIND(exec) \
	KIND(print)
/* clang-format on */
