/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parcel.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int archive_failed(const struct parcel *parcel, struct vfpt_error *err)
{
	const char *why = archive_error_string(parcel->archive);

	return vfpt_error_set(err, VFPT_SYSTEM, "cannot write %s: %s; see whether there is room",
		parcel->path, why ? why : "out of memory");
}

int parcel_open(struct parcel *parcel, const char *path, bool anonymous, struct vfpt_error *err)
{
	*parcel = (struct parcel){.anonymous = anonymous, .path = path, .now = time(NULL)};
	parcel->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (parcel->fd < 0) {
		vfpt_error_errno(err, VFPT_SYSTEM, errno, "cannot make %s", path);
		return vfpt_error_remedy(err, "name a new file in a directory that can be written");
	}
	parcel->archive = archive_write_new();
	if (!parcel->archive || archive_write_add_filter_gzip(parcel->archive) != ARCHIVE_OK ||
		archive_write_set_format_pax_restricted(parcel->archive) != ARCHIVE_OK ||
		archive_write_open_fd(parcel->archive, parcel->fd) != ARCHIVE_OK)
		return archive_failed(parcel, err);
	return 0;
}

/* All belongs to root and can be read, whatever it was. @text is for a file or a link */
static int write_entry(
	struct parcel *parcel, mode_t type, const char *path, char *text, size_t size, struct vfpt_error *err)
{
	struct archive_entry *entry = archive_entry_new();
	char *name = strdup(path);
	int r = entry && name ? 0 : -1;

	if (r == 0) {
		if (parcel->anonymous) {
			anonymise(&parcel->known, name, strlen(name));
			anonymise(&parcel->known, text, size);
		}
		archive_entry_set_pathname(entry, name);
		archive_entry_set_filetype(entry, type);
		archive_entry_set_perm(entry, type == AE_IFREG ? 0644 : 0755);
		archive_entry_set_mtime(entry, parcel->now, 0);
		if (type == AE_IFLNK)
			archive_entry_set_symlink(entry, text);
		else
			archive_entry_set_size(entry, type == AE_IFREG ? (la_int64_t)size : 0);
		if (archive_write_header(parcel->archive, entry) != ARCHIVE_OK ||
			(type == AE_IFREG &&
				archive_write_data(parcel->archive, text, size) != (la_ssize_t)size))
			r = -1;
	}
	parcel->entries++;
	archive_entry_free(entry);
	free(name);
	return r < 0 ? archive_failed(parcel, err) : 0;
}

int parcel_file(struct parcel *parcel, const char *path, char *text, size_t size, struct vfpt_error *err)
{
	return write_entry(parcel, AE_IFREG, path, text, size, err);
}

int parcel_link(struct parcel *parcel, const char *path, char *text, struct vfpt_error *err)
{
	return write_entry(parcel, AE_IFLNK, path, text, strlen(text), err);
}

int parcel_directory(struct parcel *parcel, const char *path, struct vfpt_error *err)
{
	char none[] = "";

	return write_entry(parcel, AE_IFDIR, path, none, 0, err);
}

int parcel_close(struct parcel *parcel, int r, struct vfpt_error *err)
{
	if (r == 0 && archive_write_close(parcel->archive) != ARCHIVE_OK)
		r = archive_failed(parcel, err);
	archive_write_free(parcel->archive);
	free(parcel->known.macs);
	if (parcel->fd >= 0 && close(parcel->fd) < 0 && r == 0)
		r = vfpt_error_errno(err, VFPT_SYSTEM, errno, "cannot write %s", parcel->path);
	if (parcel->fd >= 0 && r < 0)
		(void)unlink(parcel->path);
	return r;
}
