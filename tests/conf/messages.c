#include "tests/conf/messages.h"

#include "base/mem.h"

void reading_init(struct reading *r, struct str yaml)
{
	arena_init(&r->arena, 0);
	r->diag = diag_create();
	r->said = NULL;
	r->root = conf_read_text("t.yaml", yaml, &r->arena, r->diag);
}

void reading_finish(struct reading *r)
{
	mem_free(r->said);
	diag_destroy(r->diag);
	arena_finish(&r->arena);
}

const char *messages_of(struct reading *r)
{
	struct buf all, kept;
	buf_init(&all, 0);
	buf_init(&kept, 0);
	diag_print(r->diag, &all);
	struct str rest = buf_str(&all), line;
	while (str_next(&rest, '\n', &line)) {
		if (line.n == 0 || str_starts(line, STR("    ")))
			continue;
		if (str_starts(line, STR("t.yaml:")))
			line = str_slice(line, 7, line.n);
		if (kept.n)
			buf_add_char(&kept, '\n');
		buf_add(&kept, line);
	}
	mem_free(r->said);
	r->said = mem_text(kept.p, kept.n);
	buf_finish(&all);
	buf_finish(&kept);
	return r->said;
}
