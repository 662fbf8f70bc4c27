/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A tar.gz that is written, without MAC addresses if that is asked for. */
#ifndef VFPT_PARCEL_H
#define VFPT_PARCEL_H

#include <stdbool.h>
#include <time.h>

#include "anonymise.h"
#include "vfpt/error.h"

struct parcel {
	bool anonymous;
	const char *path; /* of the file */
	int fd;
	struct archive *archive; /* libarchive's */
	time_t now;
	unsigned entries;
	struct stand_ins known;
};

/* Make a new file, for its owner only. */
int parcel_open(struct parcel *parcel, const char *path, bool anonymous, struct vfpt_error *err);

/* Add a file with @size bytes, a link to @text, or a directory. MACs in @text are replaced in place. */
int parcel_file(struct parcel *parcel, const char *path, char *text, size_t size, struct vfpt_error *err);
int parcel_link(struct parcel *parcel, const char *path, char *text, struct vfpt_error *err);
int parcel_directory(struct parcel *parcel, const char *path, struct vfpt_error *err);

/*
 * @r < 0: something failed, and the file goes. @return @r, or -1 with
 * @err when the file cannot be completed
 */
int parcel_close(struct parcel *parcel, int r, struct vfpt_error *err);

#endif
