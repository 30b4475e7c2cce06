#include "web/respond.h"

#include <microhttpd.h>

#include "base/log.h"

const char web_text_type[] = "text/plain; charset=utf-8";

/* For all answers. No page of ours is a document, so nothing at all is allowed to it. */
static const struct {
	const char *name, *value;
} headers[] = {
	{ "Cache-Control", "no-store" },
	{ "Content-Security-Policy",
		"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
		"require-trusted-types-for 'script'; sandbox" },
	{ "Cross-Origin-Opener-Policy", "same-origin" },
	{ "Cross-Origin-Resource-Policy", "same-origin" },
	{ "Permissions-Policy",
		"accelerometer=(), autoplay=(), camera=(), clipboard-read=(), clipboard-write=(), "
		"display-capture=(), encrypted-media=(), fullscreen=(), geolocation=(), "
		"gyroscope=(), "
		"hid=(), magnetometer=(), microphone=(), midi=(), payment=(), "
		"picture-in-picture=(), publickey-credentials-get=(), screen-wake-lock=(), "
		"serial=(), usb=(), web-share=(), xr-spatial-tracking=()" },
	{ "Referrer-Policy", "no-referrer" },
	{ "X-Content-Type-Options", "nosniff" },
	{ "X-Frame-Options", "DENY" },
};

static bool add(struct MHD_Response *response, const char *name, const char *value)
{
	return MHD_add_response_header(response, name, value) == MHD_YES;
}

static bool add_headers(struct MHD_Response *response, const struct web_answer *answer,
	const char *allow, bool close)
{
	bool added = add(response, "Content-Type", answer->type ? answer->type : web_text_type);
	for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
		added = added && add(response, headers[i].name, headers[i].value);
	for (size_t i = 0; i < WEB_MAX_ANSWER_HEADERS && answer->headers[i].name; i++)
		added = added && add(response, answer->headers[i].name, answer->headers[i].value);
	if (answer->status == MHD_HTTP_METHOD_NOT_ALLOWED)
		added = added && add(response, "Allow", allow);
	return added && (!close || add(response, "Connection", "close"));
}

bool web_respond(struct MHD_Connection *connection, const struct web_answer *answer,
	const char *allow, bool close)
{
	/* The library's type is not const, but with this mode it only reads. */
	struct MHD_Response *response = MHD_create_response_from_buffer(
		answer->body.n, (void *)(uintptr_t)answer->body.p, MHD_RESPMEM_MUST_COPY);
	if (!response)
		return false;
	bool queued = false;
	if (add_headers(response, answer, allow, close))
		queued = MHD_queue_response(connection, answer->status, response) == MHD_YES;
	MHD_destroy_response(response);
	return queued;
}
