/* The version, which meson knows. */
#pragma once

#ifndef VIGIE_VERSION
#define VIGIE_VERSION "unknown"
#endif
