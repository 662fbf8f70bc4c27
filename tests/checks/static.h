/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What error.h says in words, for clang's analyser: it sees one file at a time, and would follow the ways on
 * which a function fails and yet returns 0. The check "static" puts this in front of every file but
 * lib/error.c.
 */
#include "vfpt/error.h"

#define vfpt_error_set(...)    (vfpt_error_set(__VA_ARGS__), -1)
#define vfpt_error_errno(...)  (vfpt_error_errno(__VA_ARGS__), -1)
#define vfpt_error_wrap(...)   (vfpt_error_wrap(__VA_ARGS__), -1)
#define vfpt_error_remedy(...) (vfpt_error_remedy(__VA_ARGS__), -1)
