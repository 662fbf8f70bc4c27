/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tree.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"

enum { MOST = 256 };

/* The links that were made, and how many entries in all. */
static const char *links[MOST];
static size_t link_count, entry_count;

/* How many names there are in the path, each of them one that leads down; 0 where there is none or another.
 */
static size_t depth(const char *path)
{
	size_t names = 0;

	for (size_t length; *path; path += length, path += *path == '/', names++) {
		length = strcspn(path, "/");
		if (length == 0 || length > 64 || (path[0] == '.' && strspn(path, ".") == length) ||
			(path[length] == '/' && !path[length + 1]))
			return 0;
	}
	return names;
}

/* Links lie where their path says, and their targets only go up at the start: so a path never leaves the
 * tree. */
static bool is_safe_target(const char *target, const char *path)
{
	size_t up = 0;

	while (strncmp(target, "../", 3) == 0) {
		target += 3;
		up++;
	}
	return up < depth(path) && depth(target) > 0;
}

static bool is_below_link(const char *path)
{
	for (size_t i = 0; i < link_count; i++) {
		size_t length = strlen(links[i]);

		if (strncmp(path, links[i], length) == 0 && path[length] == '/')
			return true;
	}
	return false;
}

static void make_directory(int root, const char *path)
{
	entry_count += mkdirat(root, path, 0755) == 0;
}

/* @path is cut for a moment at each of its slashes. @before: the path of the line before; what it is below is
 * there. */
static void make_parents(int root, char *path, const char *before)
{
	for (char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		if (strncmp(path, before, (size_t)(slash - path) + 1) == 0)
			continue;
		*slash = '\0';
		make_directory(root, path);
		*slash = '/';
	}
}

static void make_file(int root, const char *path, char *text)
{
	int fd = openat(root, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	size_t size = strlen(text);

	if (fd < 0)
		return;
	entry_count++;
	for (size_t i = 0; i < size; i++)
		text[i] = text[i] == ';' ? '\n' : text[i] == '^' ? '\0' : text[i];
	MUST(write(fd, text, size) == (ssize_t)size);
	close(fd);
}

static void make_link(int root, const char *path, const char *target)
{
	if (symlinkat(target, root, path) < 0)
		return;
	entry_count++;
	links[link_count++] = strdup(path);
}

static void make(int root, char *line, const char *before, bool anywhere)
{
	char *end = line + strcspn(line, "=>"), kind = *end;

	*end = '\0';
	if (depth(line) == 0 || depth(line) > 16 || is_below_link(line) || entry_count + 16 > MOST)
		return;
	make_parents(root, line, before);
	if (kind == '=')
		make_file(root, line, end + 1);
	else if (kind == '>' && end[1] && (anywhere || is_safe_target(end + 1, line)))
		make_link(root, line, end + 1);
	else if (!kind)
		make_directory(root, line);
}

void make_tree(int root, char *lines, bool anywhere)
{
	const char *before = "";

	for (char *line; (line = strsep(&lines, "\n")); before = line)
		make(root, line, before, anywhere);
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *at)
{
	(void)status;
	if (at->level == 0)
		return 0;
	return kind == FTW_DP ? rmdir(path) : unlink(path);
}

void empty_tree(const char *path)
{
	MUST(nftw(path, remove_entry, 16, FTW_PHYS | FTW_DEPTH) == 0);
	while (link_count > 0)
		free((void *)(uintptr_t)links[--link_count]);
	entry_count = 0;
}
