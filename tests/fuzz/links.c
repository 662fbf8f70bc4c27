/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A link in a captured tree: the first line of the input is its path, the second its target. What
 * stays_inside() lets through must not lead out, even if each name in the target is a link itself: to the
 * place nearest to the root that it could lead to.
 */
#include <stdlib.h>
#include <string.h>

#include "../../hooks/vfpt/capture.h"
#include "fuzz.h"

static bool is_name(const char *name, const char *what)
{
	size_t length = strcspn(name, "/");

	return length == strlen(what) && strncmp(name, what, length) == 0;
}

static const char *next(const char *path)
{
	path += strcspn(path, "/");
	return *path ? path + 1 : NULL;
}

/* How deep what @path names is below the root. */
static int depth(const char *path)
{
	int depth = 0;

	for (; path; path = next(path)) {
		MUST(!is_name(path, "") && !is_name(path, ".") && !is_name(path, ".."));
		depth++;
	}
	return depth;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *path = as_string(data, size), *target = strchr(path, '\n');
	int at;

	if (target) {
		*target++ = '\0';
		if (strlen(target) < size && stays_inside(path, target)) {
			MUST(path[0] != '/' && target[0] != '/');
			at = depth(path) - 1;
			for (const char *name = target; name; name = next(name)) {
				at = is_name(name, "..") ? at - 1 : 1;
				MUST(at >= 0);
			}
			MUST(at > 0);
		}
	}
	free(path);
	return 0;
}
