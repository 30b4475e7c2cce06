#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "daemon/app.h"
#include "daemon/command.h"

/* Belongs to the pool's thread from loop_work until done. */
struct reload {
	struct app *app;
	char *path;
	struct diag *diag;
	struct ruleset *set; /* NULL: the file is bad */
};

static void build(void *ctx)
{
	struct reload *r = ctx;
	struct config *config = config_load(r->path, r->diag);
	if (config && !diag_failed(r->diag))
		r->set = config_take_rules(config);
	config_destroy(config);
}

static void finish(struct reload *r)
{
	diag_destroy(r->diag);
	mem_free(r->path);
	mem_free(r);
}

/* Notifiers are opened at the start only: a rule that tells one added since would tell nobody. */
static bool tells_strangers(const struct reload *r)
{
	const struct rules *rules = ruleset_rules(r->set);
	for (size_t i = 0; i < rules->rule_count; i++) {
		const struct rule *rule = &rules->rules[i];
		for (size_t j = 0; j < rule->notify.count; j++) {
			if (notifiers_get(r->app->config->notifiers, rule->notify.items[j]))
				continue;
			log_error("rule '%.*s' tells '%.*s': new notifiers need a restart",
				STR_ARGS(rule->name), STR_ARGS(rule->notify.items[j]));
			return true;
		}
	}
	return false;
}

static void built(void *ctx)
{
	struct reload *r = ctx;
	struct app *app = r->app;
	app->reload = NULL;
	if (app->stopping) { /* what it was for may be gone */
		ruleset_destroy(r->set);
		app->reload_again = false;
		finish(r);
		return;
	}
	(void)command_print_diag(r->diag); /* whether it failed shows in r->set */
	if (r->set && tells_strangers(r)) {
		ruleset_destroy(r->set);
		r->set = NULL;
	}
	if (r->set) {
		app->reload_count++;
		log_info("rules reloaded: %zu", ruleset_rules(r->set)->rule_count);
		pipeline_set_rules(app->pipeline, r->set);
	} else {
		app->reload_failed_count++;
		log_error("the new rules are not whole: the old ones stay");
	}
	finish(r);
	mem_trim(); /* of the old rules, and of reading the new ones */
	if (app->reload_again) {
		app->reload_again = false;
		app_reload(app);
	}
}

void app_reload(struct app *app)
{
	if (app->stopping)
		return;
	if (app->reload) {
		app->reload_again = true;
		return;
	}
	struct reload *r = mem_zero(1, sizeof *r);
	r->app = app;
	r->path = mem_text(app->config->path, strlen(app->config->path));
	r->diag = diag_create();
	app->reload = r;
	loop_work(app->loop, build, built, r);
}
