/* Mails as they come: what a person would read in them. */
#include "tests/check.h"

#include <time.h>

#include "base/buf.h"
#include "base/clock.h"
#include "sources/mail_post.h"
#include "tests/effort.h"

struct parsed {
	struct arena arena;
	struct mail mail;
	struct mail_options options;
	const char *why;
};

static int set_up(void **state)
{
	static struct parsed p;
	p = (struct parsed){ .options = { .drop_quotes = true } };
	mail_start();
	arena_init(&p.arena, MAIL_MAX_MEMORY_BYTES);
	*state = &p;
	return 0;
}

static int tear_down(void **state)
{
	struct parsed *p = *state;
	arena_finish(&p->arena);
	return 0;
}

static const struct mail *parse(struct parsed *p, struct str bytes)
{
	p->why = mail_parse(bytes, &p->options, &p->arena, &p->mail);
	assert_null(p->why);
	return &p->mail;
}

#define HEAD "From: a@example.org\nSubject: S\nMessage-ID: <1@x>\n"
#define MAIL(more) parse(*state, STR(HEAD more))

/* ---- headers ---- */

static void headers_are_decoded(void **state)
{
	const struct mail *mail = parse(*state,
		STR("From: =?utf-8?Q?Jeanne_=C3=89t=C3=A9?= <Jeanne@example.org>, b@example.org\r\n"
		    "Subject: =?iso-8859-1?Q?Le_parc_solaire?=\r\n =?utf-8?B?IGTDqW1hcnJl?=\r\n"
		    "Message-ID: <abc@example.org>\r\n"
		    "Content-Language: fr-FR, en\r\n"
		    "Archived-At: <https://lists.example.org/m/1>\r\n"
		    "Date: Sun, 22 Nov 2026 10:00:00 +0100 (CET)\r\n"
		    "\r\nBonjour\r\n"));
	check_text(mail->from_name, "Jeanne Été");
	check_text(mail->from_address, "Jeanne@example.org");
	check_text(mail->title, "Le parc solaire démarre");
	check_text(mail->id, "abc@example.org");
	check_text(mail->lang, "fr-FR");
	check_text(mail->url, "https://lists.example.org/m/1");
	check_text(mail->text, "Bonjour");
	assert_true(mail->date_us == INT64_C(1795338000) * US_PER_S);
	assert_null(mail->parent.p);
}

static void headers_without_a_charset_are_utf8_or_windows_1252(void **state)
{
	const struct mail *mail = parse(*state, STR("Subject: d\xE9j\xE0 \x96 oui\n\nx"));
	check_text(mail->title, "déjà – oui");
	mail = parse(*state, STR("Subject: d\xC3\xA9j\xC3\xA0\n\nx"));
	check_text(mail->title, "déjà");
}

static void an_unknown_charset_in_a_header_is_read_as_far_as_it_goes(void **state)
{
	const struct mail *mail = parse(*state, STR("Subject: =?x-nonsense?Q?caf=E9?= noir\n\nx"));
	assert_true(str_find(mail->title, STR("noir")) != SIZE_MAX);
}

static void a_header_is_one_line_without_controls(void **state)
{
	const struct mail *mail = parse(
		*state, STR("Subject: =?utf-8?Q?one=0Atwo=00=1Bthree?=\n\nx"));
	for (size_t i = 0; i < mail->title.n; i++)
		assert_true((unsigned char)mail->title.p[i] >= ' ');
	assert_true(str_starts(mail->title, STR("one two")));
}

static void a_date_of_the_future_is_now(void **state)
{
	struct parsed *p = *state;
	p->options.now_us = INT64_C(1000000000) * US_PER_S;
	const struct mail *mail = parse(p, STR("Date: Sun, 22 Nov 2026 10:00:00 +0000\n\nx"));
	assert_true(mail->date_us == p->options.now_us);
	mail = parse(p, STR("Date: 1 Jan 2001 10:00\n\nx"));
	assert_true(mail->date_us == INT64_C(978343200) * US_PER_S);
	mail = parse(p, STR("Date: gestern\n\nx"));
	assert_true(mail->date_us == 0);
}

static void an_answer_names_what_it_answers(void **state)
{
	check_text(MAIL("References: <root@x>\n <mid@x>\n <last@x>\nIn-Reply-To: <other@x>\n\nx")
			   ->parent,
		"last@x");
	check_text(MAIL("In-Reply-To: Your mail <r@x> of today\n\nx")->parent, "r@x");
	check_text(MAIL("References: <good@x> <torn\n\nx")->parent, "good@x");
	assert_null(MAIL("References:\n\nx")->parent.p);
}

static void an_id_without_brackets_is_one(void **state)
{
	check_text(parse(*state, STR("Message-ID: abc@x\n\nx"))->id, "abc@x");
	assert_null(parse(*state, STR("Message-ID:\n\nx"))->id.p);
}

static void a_group_has_a_name_and_no_address(void **state)
{
	const struct mail *mail = parse(*state, STR("From: Equipe: a@x, b@x;\n\nx"));
	check_text(mail->from_name, "Equipe");
	assert_null(mail->from_address.p);
}

static void a_mail_of_nothing_is_none_or_empty(void **state)
{
	struct parsed *p = *state;
	static const char *const texts[] = { "", "\n", "\n\n", "no header at all", ":\n", "a:\n" };
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		(void)mail_parse(str_of(texts[i]), &p->options, &p->arena, &p->mail);
}

/* ---- text ---- */

static void encodings_are_undone(void **state)
{
	check_text(MAIL("Content-Type: text/plain; charset=utf-8\n"
			"Content-Transfer-Encoding: quoted-printable\n\nd=C3=A9j=\n=C3=A0 vu")
			   ->text,
		"déjà vu");
	check_text(MAIL("Content-Type: text/plain; charset=iso-8859-15\n"
			"Content-Transfer-Encoding: base64\n\nMTAgpA==\n")
			   ->text,
		"10 €");
	check_text(MAIL("Content-Type: text/plain; charset=windows-1252\n\nl\x92\xE9nergie")->text,
		"l’énergie");
	check_text(
		MAIL("Content-Type: text/plain; charset=us-ascii\n\n\xE9nergie")->text, "énergie");
	check_text(MAIL("Content-Type: text/plain; charset=wrong\n\n\xE9nergie")->text, "énergie");
	check_text(MAIL("Content-Type: text/plain; charset=iso-8859-1\n\n\xC3\xA9nergie")->text,
		"énergie");
	check_text(MAIL("Content-Type: text/plain; charset*=utf-8''utf-8; name*0=a; name*1=b\n\nx")
			   ->text,
		"x");
	check_text(
		MAIL("Content-Type: text/plain; charset=\"iso-2022-jp\"\n\n\x1B$B@>\x1B(B")->text,
		"西");
}

static void a_broken_encoding_loses_nothing_else(void **state)
{
	check_text(MAIL("Content-Transfer-Encoding: quoted-printable\n\n50 =Z1 =\n et fin=")->text,
		"50 =Z1  et fin");
	const struct mail *mail = MAIL("Content-Transfer-Encoding: base64\n\nYm9u!!am91cg");
	assert_true(str_starts(mail->text, STR("bonjou")));
	check_text(MAIL("Content-Transfer-Encoding: nonsense\n\nx")->text, "x");
}

static void html_is_text_with_links(void **state)
{
	const struct mail *mail = MAIL(
		"Content-Type: text/html\n\n<style>b{}</style><p>Un <b>parc</b></p><p>"
		"<a href=\"https://example.org/a?b=1&amp;c=2\">lire</a> "
		"<a href='mailto:x@y'>moi</a> <a href=https://example.org/z>z</a></p>");
	check_text(mail->text, "Un parc\nlire moi z");
	assert_int_equal(mail->links.count, 2);
	check_text(mail->links.items[0], "https://example.org/a?b=1&c=2");
	check_text(mail->links.items[1], "https://example.org/z");
}

static void links_of_plain_text_end_before_the_signs_of_the_sentence(void **state)
{
	const struct mail *mail = MAIL(
		"\nVoir https://a.example/x, (http://b.example/(y)) <https://c.example/z>.\n"
		"https://a.example/x. http://\n");
	assert_int_equal(mail->links.count, 3);
	check_text(mail->links.items[0], "https://a.example/x");
	check_text(mail->links.items[1], "http://b.example/(y)");
	check_text(mail->links.items[2], "https://c.example/z");
}

#define BOTH(plain, html)                                             \
	"Content-Type: multipart/alternative; boundary=b\n\n--b\n"    \
	"Content-Type: text/plain; charset=utf-8\n\n" plain "\n--b\n" \
	"Content-Type: text/html; charset=utf-8\n\n" html "\n--b--\n"

static void of_two_forms_the_plain_one_is_read(void **state)
{
	const struct mail *mail = MAIL(BOTH("le texte", "<p>la page"));
	check_text(mail->text, "le texte");
	check_text(MAIL(BOTH("  \n", "<p>la page"))->text, "la page");
}

static void a_plain_part_that_only_points_to_the_other_is_not_the_text(void **state)
{
	struct parsed *p = *state;
	struct buf bytes;
	buf_init(&bytes, 0);
	buf_add(&bytes,
		STR(HEAD "Content-Type: multipart/alternative; boundary=b\n\n--b\n\n"
			 "Votre messagerie ne lit pas ce message.\n--b\n"
			 "Content-Type: text/html\n\n<p>"));
	for (int i = 0; i < 200; i++)
		buf_add(&bytes, STR("un article "));
	buf_add(&bytes, STR("\n--b--\n"));
	assert_true(str_starts(parse(p, buf_str(&bytes))->text, STR("un article")));
	buf_finish(&bytes);
}

static void attachments_are_left_out_and_parts_put_together(void **state)
{
	const struct mail *mail = MAIL(
		"Content-Type: multipart/mixed; boundary=m\n\n--m\n"
		"Content-Type: multipart/related; boundary=r\n\n--r\n" BOTH("un",
			"<p>deux") "\n--r\nContent-Type: image/png\n\nPNG\n--r--\n--m\n"
				   "Content-Type: text/plain\nContent-Disposition: attachment; "
				   "filename=a.txt\n\n"
				   "secret\n--m\nContent-Type: "
				   "text/calendar\n\nBEGIN:VCALENDAR\n--m\n"
				   "Content-Type: application/pdf\n\nPDF\n--m\n\ntrois\n--m--\n");
	check_text(mail->text, "un\n\ntrois");
	assert_true(mail->has_media);
}

static void a_forwarded_mail_is_read_too(void **state)
{
	check_text(MAIL("Content-Type: multipart/mixed; boundary=m\n\n--m\n\nvoir :\n--m\n"
			"Content-Type: message/rfc822\n\nSubject: =?utf-8?Q?=C3=89olien?=\n\n"
			"un parc\n> cité\n--m--\n")
			   ->text,
		"voir :\n\nÉolien\n\nun parc\n> cité");
}

static void what_is_torn_is_read_as_far_as_it_goes(void **state)
{
	check_text(MAIL("Content-Type: multipart/mixed; boundary=m\n\n--m\n\nun debut")->text,
		"un debut");
	check_text(
		MAIL("Content-Type: multipart/mixed\n\n--m\n\nun debut")->text, "--m\n\nun debut");
	assert_null(MAIL("Content-Type: multipart/alternative; boundary=x\n")->text.p);
}

static void flowed_lines_are_joined(void **state)
{
	check_text(MAIL("Content-Type: text/plain; format=flowed\n\nun parc \nsolaire\n"
			" >pas cite\n-- \nJeanne \nPetit\n")
			   ->text,
		"un parc solaire\n>pas cite\n-- \nJeanne Petit");
	check_text(MAIL("Content-Type: text/plain; format=flowed; delsp=yes\n\nphoto \nvoltaique")
			   ->text,
		"photovoltaique");
	check_text(MAIL("\nun parc \nsolaire")->text, "un parc \nsolaire");
}

/* ---- quotes ---- */

#define ANSWER "In-Reply-To: <0@x>\nContent-Type: text/plain; charset=utf-8\n\n"

static void an_answer_does_not_bring_again_what_it_quotes(void **state)
{
	check_text(MAIL(ANSWER "Oui.\n\nLe 3 mai 2026 à 10:12, Jeanne Petit <j@x>\na écrit :\n\n"
			       "> le parc solaire\n> arrive\n\nEt non.\n")
			   ->text,
		"Oui.\n\n\nEt non.");
	check_text(MAIL(ANSWER "On Mon, Jane wrote:\n> solar\nYes\n")->text, "Yes");
	check_text(MAIL(ANSWER "Oui\n-----Message d'origine-----\nDe : X\nsolaire\n")->text, "Oui");
	check_text(MAIL(ANSWER "Oui\nDe : X\nEnvoyé : lundi\nsolaire\n")->text, "Oui");
}

static void what_only_looks_like_a_quote_stays(void **state)
{
	check_text(MAIL("\n> Lire la suite\nOn wrote:\n")->text, "> Lire la suite\nOn wrote:");
	check_text(MAIL(ANSWER "Il a écrit :\nun livre\n")->text, "Il a écrit :\nun livre");
	check_text(MAIL(ANSWER "> tout est cite\n")->text, "> tout est cite");
	check_text(MAIL(ANSWER "De : Paris\nA : Lyon\n")->text, "De : Paris\nA : Lyon");
}

static void quotes_may_be_kept(void **state)
{
	struct parsed *p = *state;
	p->options.drop_quotes = false;
	check_text(MAIL(ANSWER "Oui\n> le parc\n")->text, "Oui\n> le parc");
}

static void quotes_in_html_are_left_out(void **state)
{
	check_text(MAIL("In-Reply-To: <0@x>\nContent-Type: text/html\n\n<p>Oui</p>"
			"<blockquote type=\"cite\">a<blockquote>b</blockquote>c</blockquote><p>Non"
			"<div class='x gmail_quote'>d<div>e</div></div>fin")
			   ->text,
		"Oui\nNonfin");
	check_text(
		MAIL("Content-Type: text/html\n\n<blockquote type=cite>a</blockquote>")->text, "a");
}

/* ---- newsletters ---- */

static void a_newsletter_says_where_it_is_on_the_web(void **state)
{
	check_text(MAIL("Content-Type: text/html\n\n<a href='https://x.example/u'>Se "
			"d&eacute;sinscrire"
			"</a> <a href='https://x.example/v?a&amp;b'>Voir dans le "
			"<b>navigateur</b></a>")
			   ->url,
		"https://x.example/v?a&b");
	assert_null(
		MAIL("Content-Type: text/html\n\n<a href='https://x.example/u'>Lire</a>")->url.p);
	assert_null(MAIL("Content-Type: text/html\n\n<a href='javascript:x'>View in browser</a>")
			    ->url.p);
}

/* ---- ceilings ---- */

static void a_long_text_is_cut_at_a_character(void **state)
{
	struct parsed *p = *state;
	struct buf bytes;
	for (int more = 0; more < 2; more++) {
		buf_init(&bytes, 0);
		buf_add(&bytes, STR(HEAD "\n"));
		for (size_t i = 0; i < MAIL_MAX_TEXT_BYTES / 2; i++)
			buf_add(&bytes, STR("é"));
		if (more)
			buf_add(&bytes, STR("éé"));
		const struct mail *mail = parse(p, buf_str(&bytes));
		assert_int_equal(mail->text.n, MAIL_MAX_TEXT_BYTES);
		buf_finish(&bytes);
		arena_reset(&p->arena);
	}
}

static void too_long_headers_are_refused(void **state)
{
	struct parsed *p = *state;
	for (int more = 0; more < 2; more++) {
		struct buf bytes;
		buf_init(&bytes, 0);
		buf_add(&bytes, STR("Subject: "));
		while (bytes.n < MAIL_MAX_HEADER_BYTES - 2 + (size_t)more)
			buf_add_char(&bytes, 'a');
		buf_add(&bytes, STR("\n\ntext"));
		const char *why = mail_parse(buf_str(&bytes), &p->options, &p->arena, &p->mail);
		assert_int_equal(why != NULL, more);
		buf_finish(&bytes);
	}
}

static void parts_in_parts_end_somewhere(void **state)
{
	struct parsed *p = *state;
	static const struct {
		int depth;
		bool read;
	} cases[] = { { MAIL_MAX_DEPTH - 1, true }, { MAIL_MAX_DEPTH, false },
		{ MAIL_MAX_BOUNDARIES, false }, { MAIL_MAX_BOUNDARIES + 1, false },
		{ 100 * MAIL_MAX_BOUNDARIES, false } };
	for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
		struct buf bytes;
		buf_init(&bytes, 0);
		buf_add(&bytes, STR("Subject: S\n"));
		for (int i = 0; i < cases[c].depth; i++)
			buf_addf(&bytes, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n",
				i, i);
		buf_add(&bytes, STR("\nle fond\n"));
		const struct mail *mail = parse(p, buf_str(&bytes));
		assert_int_equal(str_eq(mail->text, STR("le fond")), cases[c].read);
		assert_int_equal(mail->cut, !cases[c].read);
		buf_finish(&bytes);
	}
}

static void what_follows_too_many_parts_is_not_looked_at(void **state)
{
	struct parsed *p = *state;
	for (int more = 0; more < 2; more++) {
		struct buf bytes;
		buf_init(&bytes, 0);
		buf_add(&bytes, STR("Content-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n"));
		for (int i = 1; i < MAIL_MAX_BOUNDARY_LINES - 1 + more; i++)
			buf_add(&bytes, STR("--c\n"));
		buf_add(&bytes, STR("--b\n\nfin"));
		assert_int_equal(str_ends(parse(p, buf_str(&bytes))->text, STR("fin")), !more);
		assert_int_equal(p->mail.cut, more);
		buf_finish(&bytes);
	}
}

static void hostile_mails_take_no_long_time(void **state)
{
	struct parsed *p = *state;
	static const struct {
		const char *head, *again, *what;
	} cases[] = {
		{ "Content-Type: multipart/mixed; boundary=b\n\n", "--b\n\nx\n", "parts" },
		{ "Content-Type: text/html\n\n", "<div><a href=http://a.b/", "open tags" },
		{ "Content-Type: text/html\n\n", "<!--", "open comments" },
		{ "Content-Type: text/html\n\n", "<blockquote type=cite>", "quotes" },
		{ "In-Reply-To: <a@b>\n\n", "wrote:\n> x\n", "quotes" },
		{ "In-Reply-To: <a@b>\n\n", "\n \n", "blank lines" },
		{ "\n", "http://http://(", "links" },
		{ "Content-Type: message/rfc822\n\n", "Content-Type: message/rfc822\n\n", "mails" },
		{ "Content-Type: message/rfc822\n\nFrom: ", "a@b,", "addresses" },
		{ "Content-Type: message/rfc822\n\nSubject: ", "=?utf-8?Q?=41?= ", "words" },
		{ "Content-Type: message/rfc822\n\nFrom: ", "a:;", "groups" },
		{ "Content-Type: message/rfc822\n\nFrom: ", "(", "comments" },
		{ "Content-Type: message/rfc822\n\nFrom: ", "a ", "words" },
		{ "Content-Type: message/rfc822\n\nA: b\n", "A: b\n", "headers" },
		{ "Content-Type: message/rfc822\n\nTo: a\n", "To: b\n", "equal headers" },
		{ "Content-Type: message/rfc822\n\nContent-Type: a/b", "; a=b", "parameters" },
		{ "Content-Transfer-Encoding: base64\n\n", "AAAAAAAAAAAAAAAAAAAA\n", "base64" },
		{ "Content-Type: text/plain; format=flowed\n\n", "> > >\n> \n", "depths" },
	};
	const size_t size = (EFFORT_SANITIZED ? 2 : 24) * 1024 * 1024;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buf bytes, many;
		buf_init(&bytes, 0);
		buf_init(&many, 0);
		while (many.n < 64 * 1024)
			buf_add(&many, str_of(cases[i].again));
		buf_addf(&bytes, "From: googlealerts-noreply@google.com\n%s", cases[i].head);
		while (bytes.n < size)
			buf_add(&bytes, buf_str(&many));
		buf_finish(&many);
		const clock_t began = clock(); /* of this process: others work too */
		arena_reset(&p->arena);
		(void)mail_parse(buf_str(&bytes), &p->options, &p->arena, &p->mail);
		const int64_t took_ms = (clock() - began) * 1000 / CLOCKS_PER_SEC;
		if (took_ms > 5000)
			fail_msg("%s: %d ms", cases[i].what, (int)took_ms);
		buf_finish(&bytes);
	}
}

/* ---- posts ---- */

static bool keep(void *ctx, struct str line)
{
	buf_add(ctx, line);
	return true;
}

static void check_posts(struct str bytes, const char *wanted)
{
	const struct mail_options options = { .drop_quotes = true };
	struct buf lines;
	buf_init(&lines, 0);
	assert_null(mail_posts(bytes, &options, INT64_C(1795338000) * US_PER_S, keep, &lines));
	check_str(buf_str(&lines), str_of(wanted));
	buf_finish(&lines);
}

static void a_mail_is_a_post(void **state)
{
	(void)state;
	check_posts(STR("From: Jeanne <j@x>\nSubject: Re: parc\nMessage-ID: <2@x>\n"
			"References: <1@x>\nDate: Sat, 21 Nov 2026 10:00:00 +0000\n\n"
			"Oui https://a.example/b\n"),
		"{\"id\":\"2@x\",\"type\":\"reply\",\"title\":\"Re: parc\","
		"\"text\":\"Oui "
		"https://a.example/b\",\"author\":{\"id\":\"j@x\",\"handle\":\"j@x\","
		"\"name\":\"Jeanne\"},\"created_at\":\"2026-11-21T10:00:00Z\","
		"\"links\":[\"https://a.example/b\"],\"in_reply_to\":\"1@x\"}\n");
}

static void a_mail_without_a_date_is_of_when_it_came(void **state)
{
	(void)state;
	check_posts(STR("Subject: a\n\nb\n"),
		"{\"type\":\"post\",\"title\":\"a\",\"text\":\"b\","
		"\"created_at\":\"2026-11-22T09:00:00Z\"}\n");
}

#define RESULT(url, title, publisher, text)                                                 \
	"<tr itemscope=\"\" itemtype=\"http://schema.org/Article\"><td> <a href=\"" url     \
	"\"></a> <a href=\"" url                                                            \
	"\" itemprop=\"url\" style=\"a>b\"><span itemprop=\"name\">" title                  \
	"</span></a><div itemprop=\"publisher\" itemscope=\"\" "                            \
	"itemtype=\"http://schema.org/Organization\"><a><span itemprop=\"name\">" publisher \
	"</span></a></div><div itemprop=\"description\" style=\"x\">" text                  \
	"</div><a href=\"https://www.google.com/alerts/share\">Partager</a></td></tr>"
#define ALERT(body)                                                                            \
	"From: Google Alertes <googlealerts-noreply@google.com>\nMessage-ID: <g@google.com>\n" \
	"Subject: Alerte Google - solaire\nContent-Type: text/html; charset=utf-8\n\n"         \
	"<html lang=\"fr\"><!-- <tr itemtype=\"http://schema.org/Article\"> -->" body "</html>"

static void a_google_alert_is_a_post_for_each_result(void **state)
{
	(void)state;
	check_posts(STR(ALERT(RESULT("https://www.google.com/url?rct=j&amp;sa=t&amp;url=https://"
				     "a.example/x%3Fy%3D1&amp;ct=ga",
			    "Un parc <b>solaire</b> &amp; un toit", "Le Journal",
			    "Le parc&nbsp;...") RESULT("https://b.example/y", "Deux", "", "")
				    RESULT("javascript:x", "Trois", "", ""))),
		"{\"id\":\"https://a.example/x?y=1\",\"type\":\"article\","
		"\"url\":\"https://a.example/x?y=1\",\"title\":\"Un parc solaire \\u0026 un toit\","
		"\"text\":\"Le parc\xC2\xA0...\",\"author\":{\"name\":\"Le Journal\"},"
		"\"created_at\":\"2026-11-22T09:00:00Z\",\"links\":[\"https://a.example/x?y=1\"]}\n"
		"{\"id\":\"https://b.example/y\",\"type\":\"article\",\"url\":\"https://b.example/"
		"y\","
		"\"title\":\"Deux\",\"created_at\":\"2026-11-22T09:00:00Z\","
		"\"links\":[\"https://b.example/y\"]}\n");
}

static void a_google_alert_in_another_form_is_one_post(void **state)
{
	(void)state;
	check_posts(STR(ALERT("<p>rien")),
		"{\"id\":\"g@google.com\",\"type\":\"post\",\"title\":\"Alerte Google - solaire\","
		"\"text\":\"rien\",\"author\":{\"id\":\"googlealerts-noreply@google.com\","
		"\"handle\":\"googlealerts-noreply@google.com\",\"name\":\"Google Alertes\"},"
		"\"created_at\":\"2026-11-22T09:00:00Z\"}\n");
}

static void another_mail_with_articles_is_one_post(void **state)
{
	(void)state;
	struct buf lines;
	const struct mail_options options = { 0 };
	buf_init(&lines, 0);
	assert_null(
		mail_posts(STR("From: a@b\nContent-Type: text/html\n\n" RESULT("https://a.example/",
				   "Un", "", "") RESULT("https://b.example/", "Deux", "", "")),
			&options, 0, keep, &lines));
	assert_int_equal(str_find_char(buf_str(&lines), '\n'), lines.n - 1);
	buf_finish(&lines);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(headers_are_decoded),
		T(headers_without_a_charset_are_utf8_or_windows_1252),
		T(an_unknown_charset_in_a_header_is_read_as_far_as_it_goes),
		T(a_header_is_one_line_without_controls),
		T(a_date_of_the_future_is_now),
		T(an_answer_names_what_it_answers),
		T(an_id_without_brackets_is_one),
		T(a_group_has_a_name_and_no_address),
		T(a_mail_of_nothing_is_none_or_empty),
		T(encodings_are_undone),
		T(a_broken_encoding_loses_nothing_else),
		T(html_is_text_with_links),
		T(links_of_plain_text_end_before_the_signs_of_the_sentence),
		T(of_two_forms_the_plain_one_is_read),
		T(a_plain_part_that_only_points_to_the_other_is_not_the_text),
		T(attachments_are_left_out_and_parts_put_together),
		T(a_forwarded_mail_is_read_too),
		T(what_is_torn_is_read_as_far_as_it_goes),
		T(flowed_lines_are_joined),
		T(an_answer_does_not_bring_again_what_it_quotes),
		T(what_only_looks_like_a_quote_stays),
		T(quotes_may_be_kept),
		T(quotes_in_html_are_left_out),
		T(a_newsletter_says_where_it_is_on_the_web),
		T(a_long_text_is_cut_at_a_character),
		T(too_long_headers_are_refused),
		T(parts_in_parts_end_somewhere),
		T(what_follows_too_many_parts_is_not_looked_at),
		T(hostile_mails_take_no_long_time),
		T(a_mail_is_a_post),
		T(a_mail_without_a_date_is_of_when_it_came),
		T(a_google_alert_is_a_post_for_each_result),
		T(a_google_alert_in_another_form_is_one_post),
		T(another_mail_with_articles_is_one_post),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
