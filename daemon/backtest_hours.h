/* How many posts fell into which hour, to find the busiest. At most `capacity` hours are kept: past
 * that the quieter half is dropped, and a dropped hour that comes back starts again at 0. Where
 * posts come in the order of time, as in most files, what is dropped never comes back, and the
 * busiest hour is exact all the same. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hour {
	int64_t number; /* hours since 1970 */
	uint64_t count; /* 0: nothing stands here */
};

struct hours {
	struct hour *slots;
	size_t size, count, capacity;
	bool dropped; /* the capacity was reached */
};

void hours_init(struct hours *h, size_t capacity); /* capacity: at least 2 */
void hours_finish(struct hours *h); /* takes {0} */
void hours_add(struct hours *h, int64_t wall_us);
/* The hour with the most posts, the earliest of equal ones; *from_us: when it begins. False if
 * there is none. */
bool hours_busiest(const struct hours *h, int64_t *from_us, uint64_t *count);
