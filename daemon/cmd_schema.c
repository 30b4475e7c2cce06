#define _GNU_SOURCE
#include <getopt.h>
#include <stdio.h>

#include "daemon/command.h"
#include "daemon/schema.h"

static const struct option long_options[] = {
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static int schema_main(int argc, char **argv)
{
	struct buf out;
	optind = 1;
	int c = getopt_long(argc, argv, "h", long_options, NULL);
	if (c == 'h') {
		command_help(&command_schema, stdout);
		return EXIT_FOUND;
	}
	if (c != -1)
		return command_usage(&command_schema, NULL);
	if (optind < argc)
		return command_usage(&command_schema, "no arguments are taken: '%s'", argv[optind]);
	buf_init(&out, 0);
	schema_write(&out);
	bool written = command_write(buf_str(&out));
	buf_finish(&out);
	return written ? EXIT_FOUND : EXIT_USAGE;
}

const struct command command_schema = {
	.name = "schema",
	.arguments = "",
	.help = "Print the JSON Schema of the configuration, for editors.",
	.options =
		"Editors with a YAML language server then help to write it. As the file's first\n"
		"line:\n"
		"\n"
		"  # yaml-language-server: $schema=vigie.schema.json\n"
		"\n"
		"with 'vigie schema > vigie.schema.json' beside it.\n",
	.run = schema_main,
};
