/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ledger. vdsm may put anything there, a link or a pipe, say: it is read with the rights of its owner,
 * which need not be root's, and as files only.
 */
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

struct records {
	struct capture *c;
	int dir;
	const char *path; /* of that directory */
	unsigned count;
};

static int put_record(const char *name, void *data)
{
	struct records *records = data;
	struct capture *c = records->c;
	autoclose int fd = openat(records->dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat status;
	char path[PATH_MAX];
	ssize_t length;

	if (records->count == MOST_RECORDS || fd < 0 || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))
		return 0;
	records->count++;
	length = read(fd, c->text, MOST_BYTES);
	if (length < 0)
		return 0;
	snprintf(path, sizeof(path), "%s/%s", records->path, name);
	return parcel_file(&c->parcel, path, c->text, (size_t)length, c->err) < 0;
}

static int put_records(struct capture *c, int dir, const char *path)
{
	struct records records = {.c = c, .dir = dir, .path = path};

	return file_each_sorted(dir, ".", put_record, &records) > 0 ? -1 : 0;
}

static int put_all_records(struct capture *c, int dir)
{
	static const char path[] = "run/vfpt/last";
	autoclose int last = openat(dir, "last", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (put_records(c, dir, "run/vfpt") < 0)
		return -1;
	if (last < 0)
		return 0;
	return parcel_directory(&c->parcel, path, c->err) < 0 ? -1 : put_records(c, last, path);
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
	autoclose int dir =
		file_open(c->tools->session.root, "run/vfpt", O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
	struct stat status;

	if (dir < 0)
		return 0;
	if (fstat(dir, &status) < 0)
		return vfpt_error_errno(c->err, VFPT_SYSTEM, errno, "/run/vfpt");
	if (geteuid() == 0 && status.st_uid != 0)
		return put_as(c, dir, status.st_uid, status.st_gid);
	return put_all_records(c, dir);
}
