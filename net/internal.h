/* What the files of net/ share among themselves. No other folder includes this. */
#pragma once

#include "net/loop.h"

struct uv_loop_s;

struct uv_loop_s *loop_uv(struct loop *loop);
/* Children that were killed and must still be reaped: loop_destroy waits for them. */
void loop_killed_child(struct loop *loop, int change);
