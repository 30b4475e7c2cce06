#define _GNU_SOURCE

#include "tests/net/server.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/check.h"

enum { ARGUMENTS_MAX = 32 };

/* TEST_NET_FOLDER and TEST_PYTHON come from meson. */
static pid_t run(char *const argv[], int in, int out)
{
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid > 0)
		return pid;
	if (in >= 0)
		dup2(in, STDIN_FILENO);
	if (out >= 0)
		dup2(out, STDOUT_FILENO);
	execvp(argv[0], argv);
	_exit(127);
}

static int wait_for(pid_t pid)
{
	int status = -1;
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void server_start(struct server *s, const char *script, const char *const *arguments)
{
	char path[512], *argv[ARGUMENTS_MAX] = { (char *)TEST_PYTHON, path };
	int in[2], out[2];
	snprintf(path, sizeof path, "%s/%s", TEST_NET_FOLDER, script);
	for (size_t i = 0; arguments && arguments[i] && i + 3 < ARGUMENTS_MAX; i++)
		argv[i + 2] = (char *)arguments[i];
	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	s->pid = run(argv, in[0], out[1]);
	close(in[0]);
	close(out[1]);
	s->in = in[1];
	s->out = out[0];
	char line[32];
	server_line(s, line, sizeof line);
	s->port = (int)strtol(line, NULL, 10);
	if (s->port <= 0)
		fail_msg("%s does not start", script);
}

void server_stop(struct server *s)
{
	close(s->in);
	close(s->out);
	(void)wait_for(s->pid);
}

void server_line(struct server *s, char *line, size_t size)
{
	size_t n = 0;
	char c;
	while (read(s->out, &c, 1) == 1 && c != '\n') {
		if (n + 1 < size)
			line[n++] = c;
	}
	line[n] = '\0';
}

bool server_can_run(const char *module)
{
	char text[128];
	snprintf(text, sizeof text, "import importlib.util as u; exit(not u.find_spec('%s'))",
		module);
	char *argv[] = { (char *)TEST_PYTHON, (char *)"-c", text, NULL };
	return wait_for(run(argv, -1, -1)) == 0;
}

void server_make_certificate(const char *folder)
{
	char cert[512], key[512];
	snprintf(cert, sizeof cert, "%s/cert.pem", folder);
	snprintf(key, sizeof key, "%s/key.pem", folder);
	const char *argv[] = { "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
		"ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=localhost",
		"-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out",
		cert, NULL };
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		dup2(null, STDERR_FILENO);
		execvp(argv[0], (char *const *)argv);
		_exit(127);
	}
	close(null);
	assert_int_equal(wait_for(pid), 0);
}

void folder_make(char *path, size_t size)
{
	snprintf(path, size, "/tmp/vigie-test-XXXXXX");
	assert_non_null(mkdtemp(path));
}

void folder_remove(const char *path)
{
	char *argv[] = { (char *)"rm", (char *)"-rf", (char *)"--", (char *)path, NULL };
	assert_int_equal(wait_for(run(argv, -1, -1)), 0);
}
