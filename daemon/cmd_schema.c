#define _GNU_SOURCE
#include <stdio.h>

#include "daemon/command.h"
#include "daemon/schema.h"

static int schema_main(int argc, char **argv)
{
	struct buf out;
	struct operands words;
	int code = arguments_parse(&command_schema, argc, argv, NULL, &words);
	if (code >= 0)
		return code;
	if (words.count)
		return command_usage(
			&command_schema, "no arguments are taken: '%s'", words.items[0]);
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
	.intro = "Editors with a YAML language server then help to write it. As the file's first\n"
		 "line:\n"
		 "\n"
		 "  # yaml-language-server: $schema=vigie.schema.json\n"
		 "\n"
		 "with 'vigie schema > vigie.schema.json' beside it.\n",
	.run = schema_main,
};
