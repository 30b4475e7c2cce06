/* Presets: networks as data. A preset is a YAML file that says how a type of source reads a
 * network:
 *
 *     about: one sentence
 *     parameters: { host: { default: example.org, about: one sentence } }  # no default: required
 *         # cut: "#" leaves that out where a value begins with it
 *         # or, by the value of another: { from: host, cases: { example.org: a, example.net: b } }
 *     source: { type: websocket, url: "wss://{host}/stream", map: mine }
 *     needs: [token]                         # options of the type that the user must give
 *     fields: { text: message.body }         # a map of its own, instead of `map`
 *
 * {host} in the values stands for the parameter: in a url percent-encoded behind the host, in
 * `send` as the inside of a JSON string. A default may name parameters before it. What a source
 * writes beside the parameters counts more than the preset's. The built-in ones are
 * sources/presets/NAME.yaml, compiled in; `type: PATH.yaml` names another. */
#pragma once

#include "conf/decode.h"

struct preset_text {
	const char *name, *text;
};
/* Ends in a name that is NULL. */
extern const struct preset_text preset_texts[];

enum { PRESET_MAX_PARAMETERS = 32 };

struct preset_parameter {
	struct str name, fallback, about; /* fallback: absent if it is required, or has cases */
	struct str cut; /* what people may write before it, such as #; absent: nothing */
	struct str from; /* another parameter, whose value says which case counts */
	const struct conf_node *cases; /* NULL: none */
};

struct preset {
	struct str name; /* bluesky; of a file its name without folder and .yaml */
	struct str about;
	bool built_in;
	struct preset_parameter parameters[PRESET_MAX_PARAMETERS];
	size_t parameter_count;
	struct str_list needs;
	const struct conf_node *source, *fields; /* fields: NULL if none */
};

/* A built-in one; it is whole. */
const struct preset *preset_read(const struct preset_text *text, struct arena *arena);

/* What `type` of a source's map names: NULL if it is no preset (a type, a mistake); *failed if it
 * is one that cannot be read, which diag then says. */
const struct preset *preset_of(
	const struct conf_node *source, struct arena *arena, struct diag *diag, bool *failed);
/* The source as the preset's type wants it. NULL after an error. */
const struct conf_node *preset_expand(const struct preset *preset, const struct conf_node *source,
	struct arena *arena, struct diag *diag);
