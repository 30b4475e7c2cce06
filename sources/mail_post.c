#include "sources/mail_post.h"

#include "model/post.h"
#include "sources/mail_alerts.h"

enum { LINE_MAX_BYTES = 4 * 1024 * 1024 };

static bool give(const struct post *post, bool (*take)(void *ctx, struct str line), void *ctx)
{
	struct buf line;
	buf_init(&line, LINE_MAX_BYTES);
	post_json(post, &line);
	buf_add_char(&line, '\n');
	const bool more = take(ctx, buf_str(&line));
	buf_finish(&line);
	return more;
}

static struct post base_post(const struct mail *mail, int64_t received_us)
{
	struct post post = post_empty();
	post.created_at_us = mail->date_us ? mail->date_us : received_us;
	if (mail->lang.p)
		post.langs = (struct str_list){ &mail->lang, 1 };
	return post;
}

static struct post whole_post(const struct mail *mail, int64_t received_us)
{
	struct post post = base_post(mail, received_us);
	post.id = mail->id;
	post.type = mail->parent.p ? POST_REPLY : POST_POST;
	post.url = mail->url;
	post.title = mail->title;
	post.text = mail->text;
	post.author.id = post.author.handle = mail->from_address;
	post.author.name = mail->from_name;
	post.links = mail->links;
	post.in_reply_to = mail->parent;
	if (mail->has_media)
		post.media = TRISTATE_YES;
	return post;
}

/* The same result in two mails is the same post: its address tells. */
static struct post result_post(
	const struct mail *mail, const struct mail_result *result, int64_t received_us)
{
	struct post post = base_post(mail, received_us);
	post.id = post.url = result->url;
	post.type = POST_ARTICLE;
	post.title = result->title;
	post.text = result->text;
	post.author.name = result->publisher;
	post.links = (struct str_list){ &result->url, 1 };
	return post;
}

const char *mail_posts(struct str bytes, const struct mail_options *options, int64_t received_us,
	bool (*take)(void *ctx, struct str line), void *ctx)
{
	struct arena arena;
	struct mail mail;
	struct post post;
	arena_init(&arena, MAIL_MAX_MEMORY_BYTES);
	const char *why = mail_parse(bytes, options, &arena, &mail);
	if (!why) {
		const struct mail_results results = mail_alert_results(&mail, &arena);
		bool more = true;
		for (size_t i = 0; more && i < results.count; i++) {
			post = result_post(&mail, &results.items[i], received_us);
			more = give(&post, take, ctx);
		}
		post = whole_post(&mail, received_us);
		if (results.count == 0)
			(void)give(&post, take, ctx); /* the only one */
	}
	arena_finish(&arena);
	return why;
}
