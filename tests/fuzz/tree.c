/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tree.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"

enum { MOST = 256 };

/* What was made, or went aside, by the lines that are there now. */
static struct change {
	char *path;
	bool is_link, went_aside;
} changes[MOST];
static size_t change_count;
static bool makes_way;

static void note(const char *path, bool is_link, bool went_aside)
{
	MUST(change_count < MOST);
	changes[change_count++] =
		(struct change){.path = strdup(path), .is_link = is_link, .went_aside = went_aside};
}

static void forget_changes(void)
{
	while (change_count > 0)
		free(changes[--change_count].path);
}

/* How many names there are in the path, each of them one that leads down; else 0. */
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

/* Links lie where their path says, and targets only go up at their start: so no path leaves the tree. */
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
	for (size_t i = 0; i < change_count; i++) {
		size_t length = strlen(changes[i].path);

		if (changes[i].is_link && strncmp(path, changes[i].path, length) == 0 && path[length] == '/')
			return true;
	}
	return false;
}

/* --- what is in the way ---------------------------------------------------------------------- */

/* Hidden, above the root. */
static const char *aside(size_t change)
{
	static char path[32];

	snprintf(path, sizeof(path), "../.aside-%zu", change);
	return path;
}

static void make_way(int root, const char *path)
{
	if (!makes_way || faccessat(root, path, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return;
	MUST(renameat(root, path, root, aside(change_count)) == 0);
	note(path, false, true);
}

static bool is_directory(int root, const char *path)
{
	struct stat status;

	return fstatat(root, path, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode);
}

static bool remove_made(int root, const char *path)
{
	return unlinkat(root, path, 0) == 0 || errno == ENOENT ||
	       (errno == EISDIR && (unlinkat(root, path, AT_REMOVEDIR) == 0 || errno == ENOENT));
}

bool restore_tree(int root)
{
	bool good = true;

	while (change_count > 0) {
		struct change *last = &changes[--change_count];

		if (!last->went_aside)
			good = good && remove_made(root, last->path);
		else if (!good || renameat(root, aside(change_count), root, last->path) < 0)
			good = false;
		free(last->path);
	}
	return good;
}

/* --- making ---------------------------------------------------------------------------------- */

static void make_directory(int root, const char *path)
{
	if (mkdirat(root, path, 0755) == 0)
		note(path, false, false);
}

/* @path is cut for a moment at each slash. @before: the path of the line before; it has its parents. */
static void make_parents(int root, char *path, const char *before)
{
	for (char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		if (strncmp(path, before, (size_t)(slash - path) + 1) == 0)
			continue;
		*slash = '\0';
		if (!is_directory(root, path))
			make_way(root, path);
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
	note(path, false, false);
	for (size_t i = 0; i < size; i++)
		text[i] = text[i] == ';' ? '\n' : text[i] == '^' ? '\0' : text[i];
	MUST(write(fd, text, size) == (ssize_t)size);
	close(fd);
}

static void make_link(int root, const char *path, const char *target)
{
	if (symlinkat(target, root, path) == 0)
		note(path, true, false);
}

static void make(int root, char *line, const char *before, bool anywhere)
{
	char *end = line + strcspn(line, "=>"), kind = *end;

	*end = '\0';
	if (depth(line) == 0 || depth(line) > 16 || is_below_link(line) || change_count + 34 > MOST)
		return;
	make_parents(root, line, before);
	make_way(root, line);
	if (kind == '=')
		make_file(root, line, end + 1);
	else if (kind == '>' && end[1] && (anywhere || is_safe_target(end + 1, line)))
		make_link(root, line, end + 1);
	else if (!kind)
		make_directory(root, line);
}

static void make_all(int root, char *lines, bool anywhere)
{
	const char *before = "";

	for (char *line; (line = strsep(&lines, "\n")); before = line)
		make(root, line, before, anywhere);
}

void make_tree(int root, char *lines)
{
	makes_way = false;
	make_all(root, lines, false);
	forget_changes();
}

void change_tree(int root, char *lines, bool anywhere)
{
	makes_way = true;
	make_all(root, lines, anywhere);
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
}
