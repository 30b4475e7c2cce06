/* Paths of many shapes over the data, for comparing the two readers of JSON. */
#pragma once

#include "base/json.h"

static const char *const compared_path_texts[] = {
	"id",
	"id_str",
	"text",
	"created_at",
	"lang",
	"author",
	"user",
	"user.id_str",
	"user.name",
	"user.followers_count",
	"entities",
	"entities.hashtags[].text",
	"entities.hashtags[].indices[]",
	"entities.hashtags[].indices[1]",
	"entities.urls[0].expanded_url",
	"entities.urls[].expanded_url",
	"entities.urls[1]",
	"retweeted_status.text",
	"retweeted_status.user",
	"commit.record.text",
	"commit.record.langs[]",
	"commit.record.facets[].features[].tag",
	"commit.record.embed.images[].alt",
	"statuses[].text",
	"statuses[].user.name",
	"statuses[3]",
	"a",
	"a[]",
	"a[][]",
	"a[0]",
	"a[0][1]",
	"a.a",
	"a.b",
	"a.b",
	"a[].b",
	"a[2].b",
	"b",
};
enum { COMPARED_PATHS = sizeof compared_path_texts / sizeof compared_path_texts[0] };

static inline struct json_paths *compared_paths(void)
{
	struct str paths[COMPARED_PATHS];
	size_t bad;
	for (size_t i = 0; i < COMPARED_PATHS; i++)
		paths[i] = str_of(compared_path_texts[i]);
	return json_paths_create(paths, COMPARED_PATHS, &bad);
}
