/* Any answer of a polled server is read or refused; what is cut out of it is JSON, stands in it,
 * and all of it was cut out. A record stays JSON with what is added to it, and a state comes back
 * from its cursor as it was. */
#include <assert.h>

#include "base/json.h"
#include "sources/adder.h"
#include "sources/poll_answer.h"
#include "sources/poll_state.h"
#include "sources/sieve.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_json(struct str text)
{
	static struct json_paths *paths;
	struct json_picked picked;
	struct json_error error;
	struct arena arena;
	struct buf wrapped;
	size_t bad;
	if (!paths)
		paths = json_paths_create(&STR("a"), 1, &bad);
	arena_init(&arena, 0);
	buf_init(&wrapped, 0);
	buf_add(&wrapped, STR("{\"a\":"));
	buf_add(&wrapped, text);
	buf_add_char(&wrapped, '}');
	const bool good = json_pick(paths, buf_str(&wrapped), &arena, &picked, &error) == 0 &&
		picked.count == 1;
	buf_finish(&wrapped);
	arena_finish(&arena);
	return good;
}

static void check_record(struct str record)
{
	static const struct str added[] = { { "page=https://h/{id}?{a.b}", 25 }, { "x=y", 3 } };
	static const struct str rules[] = { { "id=1", 4 }, { "[0]", 3 } };
	static struct adder *adder;
	static struct sieve *sieve;
	const struct str_list list = { rules, 2 };
	struct str whole;
	struct buf out;
	if (!adder) {
		adder = adder_create((struct str_list){ added, 2 });
		sieve = sieve_create(&list, 1, STR("id"));
	}
	buf_init(&out, 0);
	adder_add(adder, record, &out);
	assert(is_json(buf_str(&out)));
	(void)sieve_look(sieve, record, &whole);
	buf_finish(&out);
}

static void check_answer(struct str body)
{
	static struct poll_reader *reader;
	const struct poll_paths paths = { .records = STR("l"),
		.next = STR("n"),
		.id = STR("id"),
		.value = STR("v"),
		.next_record = STR("[0]") };
	const struct poll_paths plain = { .id = STR("id") };
	static struct poll_reader *plain_reader;
	size_t bad;
	if (!reader) {
		reader = poll_reader_create(&paths, &bad);
		plain_reader = poll_reader_create(&plain, &bad);
	}
	struct poll_reader *const readers[] = { reader, plain_reader };
	for (size_t i = 0; i < 2; i++) {
		struct poll_answer answer;
		const char *reason = NULL;
		if (poll_reader_answer(readers[i], body, &answer, &reason) < 0) {
			assert(reason);
			continue;
		}
		if (answer.type != JSON_ARRAY)
			continue;
		struct str rest = poll_list_begin(answer.records), element;
		size_t bytes = 0;
		while (poll_list_next(&rest, &element)) {
			struct poll_record record;
			assert(is_json(element));
			bytes += element.n;
			poll_reader_record(readers[i], element, &record);
			check_record(element);
		}
		assert(rest.n == 0 && bytes <= answer.records.n);
	}
}

static void check_state(struct str cursor)
{
	struct poll_state one, two;
	struct buf first, second;
	poll_state_init(&one);
	poll_state_init(&two);
	buf_init(&first, POLL_CURSOR_MAX_BYTES);
	buf_init(&second, POLL_CURSOR_MAX_BYTES);
	if (poll_state_parse(&one, cursor)) {
		poll_state_format(&one, &first);
		assert(!first.full && poll_state_parse(&two, buf_str(&first)));
		poll_state_format(&two, &second);
		assert(str_eq(buf_str(&first), buf_str(&second)));
	}
	poll_state_finish(&one);
	poll_state_finish(&two);
	buf_finish(&first);
	buf_finish(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct str text = { (const char *)data, size };
	check_answer(text);
	check_state(text);
	const struct str link = poll_next_link(text);
	assert(!link.p || (link.n && link.n <= size));
	return 0;
}
