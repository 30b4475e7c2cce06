/* vigie sources try, which daemon/cmd_sources.c calls. */
#pragma once

int sources_try_main(int argc, char **argv); /* argv[0] is "vigie sources try" */
