/* A Python server of tests/net/ as a process of the test: it prints its port as the first line and
 * exits when its standard input closes, so that none outlives its test. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct server {
	pid_t pid;
	int in, out; /* its standard input and output */
	int port;
};

/* script is a name in tests/net/, such as "misbehave.py"; arguments end in NULL and may be NULL.
 * Fails the test if the server does not start. */
void server_start(struct server *s, const char *script, const char *const *arguments);
void server_stop(struct server *s);
/* The next line of its output without the LF, cut to fit; "" at the end. Waits for it. */
void server_line(struct server *s, char *line, size_t size);
/* False if the server cannot run here: a Python module is missing. */
bool server_can_run(const char *module);

/* A self-signed certificate for 127.0.0.1 and localhost, made by openssl: DIR/cert.pem,
 * DIR/key.pem. */
void server_make_certificate(const char *folder);
/* mkdtemp, and its removal with all that is in it. */
void folder_make(char *path, size_t size);
void folder_remove(const char *path);
