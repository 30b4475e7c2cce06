#include "daemon/config_keys.h"

#include "base/clock.h"
#include "rules/language/fields.h"

static const char *const archives[] = { "matches", "all", NULL };

#define KEY(name, type, member, ...)                                          \
	{                                                                     \
		name, type, offsetof(struct config_keys, member), __VA_ARGS__ \
	}
#define LATER(name)                                                                         \
	{                                                                                   \
		name, CONF_TREE, offsetof(struct config_keys, later), .help = RULES_NOT_YET \
	}

const struct conf_field config_fields[] = {
	KEY("store", CONF_TREE, store, .help = "Where alerts and deliveries are kept."),
	KEY("http", CONF_TREE, http, .help = "The server for status, page and API."),
	KEY("timezone", CONF_TEXT, timezone,
		.help = "The zone of times that people read, such as Europe/Paris."),
	KEY("sources", CONF_TREE, sources, .help = "Where posts come from, by name."),
	KEY("maps", CONF_TREE, maps, .help = "Where a record has its text and so on, by name."),
	KEY("lists", CONF_TREE, lists, .help = "Lists of terms, by name."),
	KEY("rules", CONF_TREE, rules, .help = "Which posts matter."),
	KEY("tests", CONF_TREE, tests, .help = "Posts with the rules that they match."),
	KEY("notifiers", CONF_TREE, notifiers, .help = "Who can be told, by name."),
	KEY("notify", CONF_TEXTS, notify,
		.help = "Who is told when a rule names nobody; without it every notifier."),
	KEY("include", CONF_TREE, include,
		.help = "Files or folders of files with more lists, rules and tests."),
	KEY("watchdog", CONF_TREE, watchdog,
		.help = "Alerts about the sources themselves; none without it."),
	LATER("routes"),
	LATER("quiet"),
	{ .key = NULL },
};

const struct conf_field config_store_fields[] = {
	{ "path", CONF_PATH, offsetof(struct config_store_keys, path),
		.help = "The file; without it ~/.local/share/vigie/vigie.db." },
	{ "keep", CONF_DURATION, offsetof(struct config_store_keys, keep_us), .fallback = "90d",
		.min = US_PER_HOUR, .max = 3650 * US_PER_DAY,
		.help = "How long alerts, posts and deliveries are kept." },
	{ "archive", CONF_CHOICE, offsetof(struct config_store_keys, archive),
		.fallback = "matches", .choices = archives, .help = "Which posts are kept." },
	{ .key = NULL },
};

const struct conf_field config_http_fields[] = {
	{ "listen", CONF_TEXT, offsetof(struct config_http_keys, listen),
		.help = "Loopback address and port, such as 127.0.0.1:8470; without it no "
			"server." },
	{ "hosts", CONF_TEXTS, offsetof(struct config_http_keys, hosts),
		.help = "Names by which a reverse proxy may ask, for posts that are sent to us." },
	{ "public_url", CONF_TEXT, offsetof(struct config_http_keys, public_url),
		.help = "Address under which others reach the server, for hubs that push feeds "
			"(WebSub)." },
	{ "token", CONF_TREE, offsetof(struct config_http_keys, later), .help = RULES_NOT_YET },
	{ .key = NULL },
};

const struct conf_field config_watchdog_fields[] = {
	{ "notify", CONF_TEXTS, offsetof(struct config_watchdog_keys, notify),
		.help = "Who is told; without it those who are told when a rule names nobody." },
	{ "blind_after", CONF_DURATION, offsetof(struct config_watchdog_keys, blind_after_us),
		.fallback = "1m", .min = US_PER_S, .max = 7 * US_PER_DAY,
		.help = "Tell of a source that was blind for that long." },
	{ "severity", CONF_CHOICE, offsetof(struct config_watchdog_keys, severity),
		.fallback = "normal", .choices = severity_names,
		.help = "How important these alerts are." },
	{ .key = NULL },
};

const struct conf_field config_map_path_fields[] = {
	{ "path", CONF_TEXT, offsetof(struct config_map_path_keys, path),
		.help = "Where the field is, such as commit.record.text." },
	{ "paths", CONF_TEXTS, offsetof(struct config_map_path_keys, paths),
		.help = "Several such places, of which the first that is there counts." },
	{ "html", CONF_BOOL, offsetof(struct config_map_path_keys, html), .fallback = "false",
		.help = "The value is HTML and becomes text." },
	{ .key = NULL },
};
