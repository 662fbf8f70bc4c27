/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int read_and_close(int fd, char *buffer, size_t size)
{
	ssize_t got;
	int saved;

	do
		got = read(fd, buffer, size);
	while (got < 0 && errno == EINTR);
	saved = errno;
	close(fd);
	errno = saved;
	if (got < 0)
		return -1;
	if ((size_t)got == size) {
		errno = EOVERFLOW;
		return -1;
	}
	while (got > 0 && buffer[got - 1] == '\n')
		got--;
	buffer[got] = '\0';
	return (int)got;
}

int file_read(int dir, const char *path, char *buffer, size_t size)
{
	int fd = openat(dir, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	return fd < 0 ? -1 : read_and_close(fd, buffer, size);
}

int file_read_trusted(int dir, const char *path, char *buffer, size_t size)
{
	int fd = openat(dir, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK), saved;
	struct stat status;

	if (fd < 0)
		return -1;
	if (fstat(fd, &status) < 0)
		saved = EIO;
	else if (!S_ISREG(status.st_mode) || !file_is_trusted(&status))
		saved = EPERM;
	else
		return read_and_close(fd, buffer, size);
	close(fd);
	errno = saved;
	return -1;
}

int file_read_fd(int fd, char *buffer, size_t room)
{
	size_t used = 0;
	ssize_t got;

	do {
		got = read(fd, buffer + used, room - used);
		used += got > 0 ? (size_t)got : 0;
	} while ((got > 0 && used < room) || (got < 0 && errno == EINTR));
	return got < 0 ? -1 : (int)used;
}

int file_read_start(int dir, const char *path, char *buffer, size_t size)
{
	int fd = openat(dir, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), saved, got;

	if (fd < 0)
		return -1;
	got = file_read_fd(fd, buffer, size - 1);
	saved = errno;
	close(fd);
	errno = saved;
	buffer[got < 0 ? 0 : got] = '\0';
	return got;
}

bool file_is_trusted(const struct stat *status)
{
	return (status->st_uid == 0 || status->st_uid == VFPT_VDSM_UID || status->st_uid == geteuid()) &&
	       !(status->st_mode & (S_IWGRP | S_IWOTH));
}

int parse_number(const char *text, int base, uint64_t max, uint64_t *value)
{
	char *end;

	errno = 0;
	*value = strtoull(text, &end, base);
	/* strtoull() would take a sign and blanks too. */
	if (text[0] < '0' || text[0] > '9' || *end)
		errno = EINVAL;
	else if (!errno && *value > max)
		errno = ERANGE;
	return errno ? -1 : 0;
}

int file_number(int dir, const char *path, uint64_t max, uint64_t *value)
{
	char text[32];

	return file_read(dir, path, text, sizeof(text)) < 0 ? -1 : parse_number(text, 0, max, value);
}

int file_link_name(int dir, const char *path, char *buffer, size_t size)
{
	char target[512];
	ssize_t length = readlinkat(dir, path, target, sizeof(target) - 1);
	const char *name;

	if (length < 0)
		return -1;
	target[length] = '\0';
	name = strrchr(target, '/');
	name = name ? name + 1 : target;
	if (strlen(name) >= size) {
		errno = EOVERFLOW;
		return -1;
	}
	memcpy(buffer, name, strlen(name) + 1);
	return 0;
}

bool file_exists(int dir, const char *path)
{
	return faccessat(dir, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

static int not_hidden(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

typedef int compare_entries(const struct dirent **a, const struct dirent **b);

static int walk(int dir, const char *path, compare_entries *order, int (*each)(const char *name, void *data),
	void *data)
{
	struct dirent **entries;
	int count = scandirat(dir, path, &entries, not_hidden, order);
	int r = 0;

	for (int i = 0; i < count; i++) {
		if (r == 0)
			r = each(entries[i]->d_name, data);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	return count < 0 ? -1 : r;
}

int file_each(int dir, const char *path, int (*each)(const char *name, void *data), void *data)
{
	return walk(dir, path, NULL, each, data);
}

int file_each_sorted(int dir, const char *path, int (*each)(const char *name, void *data), void *data)
{
	return walk(dir, path, versionsort, each, data);
}

static int write_all(int fd, const char *text, size_t size)
{
	while (size > 0) {
		ssize_t done = write(fd, text, size);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -1;
		text += done;
		size -= (size_t)done;
	}
	return 0;
}

int file_write_and_close(int fd, const char *text, size_t size)
{
	int r = write_all(fd, text, size);
	int saved;

	if (r == 0)
		r = fsync(fd);
	saved = errno;
	if (close(fd) < 0 && r == 0)
		return -1;
	errno = saved;
	return r;
}
