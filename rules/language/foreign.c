#include "rules/language/foreign.h"

struct entry {
	const char *theirs, *ours;
};

static const char *find(const struct entry *entries, size_t count, struct str theirs)
{
	for (size_t i = 0; i < count; i++) {
		if (str_eq(theirs, str_of(entries[i].theirs)))
			return entries[i].ours;
	}
	return NULL;
}

#define FIND(entries, theirs) find(entries, sizeof(entries) / sizeof *(entries), theirs)

static const char text[] = "a term by itself is looked for in the text; text:word: only there";
static const char title[] = "this is written title:word";
static const char url[] = "this is written url:word, or site:example.com for a host";
static const char site[] = "this is written site:example.com";
static const char lang[] = "this is written lang:fr";
static const char from[] = "this is written from:handle";
static const char to[] = "this is written to:handle";
static const char tag[] = "this is written tag:word, or #word";
static const char followers[] = "this is written followers:>=1000";
static const char country[] = "this is written country:FR";
static const char since[] = "this is written since:2026-11-01, or since:7d";
static const char source[] = "this is written source:name";
static const char type[] = "this is written is:repost, or type:repost";
static const char nothing[] = "vigie cannot ask for this: leave it out";

const char *foreign_field(struct str name)
{
	static const struct entry fields[] = {
		{ "keyword", text },
		{ "contains", text },
		{ "intext", text },
		{ "allintext", text },
		{ "body", text },
		{ "content", text },
		{ "message", text },
		{ "texte", text },
		{ "raw", "=Word takes case and accents for what they are" },
		{ "intitle", title },
		{ "allintitle", title },
		{ "headline", title },
		{ "subject", title },
		{ "titre", title },
		{ "url_title", nothing },
		{ "url_description", nothing },
		{ "inurl", url },
		{ "allinurl", url },
		{ "link", url },
		{ "links", url },
		{ "url_contains", url },
		{ "domain", site },
		{ "host", site },
		{ "website", site },
		{ "language", lang },
		{ "langue", lang },
		{ "twitter_lang", lang },
		{ "author", from },
		{ "auteur", from },
		{ "user", from },
		{ "username", from },
		{ "handle", from },
		{ "screen_name", from },
		{ "mention", to },
		{ "mentions", to },
		{ "at_mentions", to },
		{ "in_reply_to", to },
		{ "hashtag", tag },
		{ "hashtags", tag },
		{ "tags", tag },
		{ "followers_count", followers },
		{ "twitterfollowers", followers },
		{ "place_country", country },
		{ "profile_country", country },
		{ "pays", country },
		{ "location", country },
		{ "after", since },
		{ "from_date", since },
		{ "channel", source },
		{ "pagetype", source },
		{ "engagementtype", type },
		{ "filter", type },
		{ "retweets_of", nothing },
		{ "retweets_of_tweet_id", nothing },
		{ "quotes_of_tweet_id", nothing },
		{ "in_reply_to_tweet_id", nothing },
		{ "conversation_id", nothing },
		{ "context", nothing },
		{ "entity", nothing },
		{ "sample", nothing },
		{ "bio", nothing },
		{ "bio_name", nothing },
		{ "bio_location", nothing },
		{ "user_bio", nothing },
		{ "place", nothing },
		{ "point_radius", nothing },
		{ "bounding_box", nothing },
		{ "time_zone", nothing },
		{ "klout_score", nothing },
		{ "tweets_count", nothing },
		{ "statuses_count", nothing },
		{ "following_count", nothing },
		{ "friends_count", nothing },
		{ "listed_count", nothing },
		{ "filetype", nothing },
		{ "until", nothing },
		{ "before", nothing },
		{ "reach", nothing },
		{ "sentiment", nothing },
	};
	return FIND(fields, name);
}

const char *foreign_operator(struct str word)
{
	static const struct entry operators[] = {
		{ "ET", "AND" },
		{ "OU", "OR" },
		{ "SAUF", "NOT" },
		{ "NON", "NOT" },
		{ "PAS", "NOT" },
		{ "UND", "AND" },
		{ "ODER", "OR" },
		{ "NICHT", "NOT" },
	};
	return FIND(operators, word);
}

const char *foreign_language(struct str code)
{
	static const struct entry languages[] = {
		{ "ara", "ar" },
		{ "ces", "cs" },
		{ "chi", "zh" },
		{ "cze", "cs" },
		{ "dan", "da" },
		{ "deu", "de" },
		{ "dut", "nl" },
		{ "ell", "el" },
		{ "eng", "en" },
		{ "fin", "fi" },
		{ "fra", "fr" },
		{ "fre", "fr" },
		{ "ger", "de" },
		{ "gre", "el" },
		{ "heb", "he" },
		{ "hin", "hi" },
		{ "hun", "hu" },
		{ "ita", "it" },
		{ "jpn", "ja" },
		{ "kor", "ko" },
		{ "nld", "nl" },
		{ "nor", "no" },
		{ "pol", "pl" },
		{ "por", "pt" },
		{ "ron", "ro" },
		{ "rum", "ro" },
		{ "rus", "ru" },
		{ "spa", "es" },
		{ "swe", "sv" },
		{ "tur", "tr" },
		{ "ukr", "uk" },
		{ "zho", "zh" },
	};
	return FIND(languages, code);
}
