#include <string.h>

#include "daemon/command.h"
#include "daemon/version.h"

const struct command *const commands[] = { &command_run, &command_watch, &command_match,
	&command_check, &command_explain, &command_backtest, &command_sources, &command_deliveries,
	&command_status, &command_schema, NULL };

static void print_help(FILE *out)
{
	fprintf(out,
		"usage: vigie COMMAND [OPTION...]\n\n"
		"Watches streams of posts for words and tells people.\n\n");
	for (size_t i = 0; commands[i]; i++)
		fprintf(out, "  %-12s %s\n", commands[i]->name, commands[i]->help);
	fprintf(out,
		"\nWithout -c the configuration is ~/.config/vigie/vigie.yaml.\n"
		"'vigie COMMAND --help' tells more.\n");
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		print_help(stderr);
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
		strcmp(argv[1], "help") == 0) {
		print_help(stdout);
		return EXIT_FOUND;
	}
	if (strcmp(argv[1], "--version") == 0) {
		fprintf(stdout, "vigie %s\n", VIGIE_VERSION);
		return EXIT_FOUND;
	}
	struct str known[16];
	size_t count = 0;
	for (size_t i = 0; commands[i]; i++) {
		if (strcmp(commands[i]->name, argv[1]) == 0)
			return commands[i]->run(argc - 1, argv + 1);
		known[count++] = str_of(commands[i]->name);
	}
	struct str near = diag_nearest(str_of(argv[1]), known, count);
	fprintf(stderr, "vigie: no such command: '%s'\n", argv[1]);
	if (argv[1][0] == '-')
		fprintf(stderr,
			"  hint: options come after a command, such as 'vigie run -c FILE'\n");
	else if (near.p)
		fprintf(stderr, "  hint: did you mean '%.*s'?\n", STR_ARGS(near));
	return EXIT_USAGE;
}
