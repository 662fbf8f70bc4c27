/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ledger. vdsm may put anything there, a link or a pipe, say: it is read with the rights of its owner,
 * which need not be root's, and as files only.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture.h"
#include "file.h"

/* A record has some 900 bytes, and no host has as many VFs. */
#define MOST_BYTES   4096u
#define MOST_RECORDS 65536

static int put_record(struct capture *c, int dir, const char *directory, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat status;
	char path[PATH_MAX];
	ssize_t length = -1;

	if (fd < 0)
		return 0;
	if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode))
		length = read(fd, c->text, MOST_BYTES);
	close(fd);
	snprintf(path, sizeof(path), "%s/%s", directory, name);
	return length < 0 ? 0 : parcel_file(&c->parcel, path, c->text, (size_t)length, c->err);
}

static int not_hidden(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int put_records(struct capture *c, int dir, const char *directory)
{
	struct dirent **entries;
	int count = scandirat(dir, ".", &entries, not_hidden, versionsort), r = 0;

	for (int i = 0; i < count; i++) {
		if (r == 0 && i < MOST_RECORDS)
			r = put_record(c, dir, directory, entries[i]->d_name);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	return r;
}

static int put_directory(struct capture *c, int dir, const char *path)
{
	return parcel_directory(&c->parcel, path, c->err) < 0 ? -1 : put_records(c, dir, path);
}

static int put_all_records(struct capture *c, int dir)
{
	int last = openat(dir, "last", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int r = put_records(c, dir, "run/vfpt");

	if (last < 0)
		return r;
	if (r == 0)
		r = put_directory(c, last, "run/vfpt/last");
	close(last);
	return r;
}

/* Only the effective user: who is root again later must not be one that vdsm may send signals meanwhile. */
static int put_as(struct capture *c, int dir, uid_t user, gid_t group)
{
	gid_t own = getegid();
	int r;

	if (setgroups(0, NULL) < 0 || setegid(group) < 0 || seteuid(user) < 0)
		return vfpt_error_errno(
			c->err, VFPT_SYSTEM, errno, "cannot become the owner of the ledger /run/vfpt");
	r = put_all_records(c, dir);
	if (seteuid(0) < 0 || setegid(own) < 0)
		return vfpt_error_errno(c->err, VFPT_SYSTEM, errno, "cannot become root again");
	return r;
}

int put_ledger(struct capture *c)
{
	int dir = file_open(c->tools->session.root, "run/vfpt", O_RDONLY | O_DIRECTORY | O_NOFOLLOW), r;
	struct stat status;

	if (dir < 0)
		return 0;
	if (fstat(dir, &status) < 0)
		r = vfpt_error_errno(c->err, VFPT_SYSTEM, errno, "/run/vfpt");
	else if (geteuid() == 0 && status.st_uid != 0)
		r = put_as(c, dir, status.st_uid, status.st_gid);
	else
		r = put_all_records(c, dir);
	close(dir);
	return r;
}
