/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "alloc.h"

/*
 * Any rename on the machine while the kernel follows a ".." makes it say EAGAIN (openat2(2)); who renames all
 * the time must not hold us up for ever.
 */
#define OPEN_TRIES 128

int file_open(int root, const char *path, int flags)
{
	/* openat2() refuses flags that mean nothing with O_PATH. */
	const int always = (flags & O_PATH) ? O_CLOEXEC : O_CLOEXEC | O_NONBLOCK;
	const struct open_how how = {
		.flags = (unsigned)(flags | always), .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
	int fd, tries = 0;

	do
		fd = (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
	while (fd < 0 && errno == EAGAIN && ++tries < OPEN_TRIES);
	return fd < 0 && errno == ENOSYS ? openat(root, path, flags | always) : fd;
}

static int read_attribute_text(int fd, char *buffer, size_t size)
{
	ssize_t got;

	do
		got = read(fd, buffer, size);
	while (got < 0 && errno == EINTR);
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
	autoclose int fd = file_open(dir, path, O_RDONLY | O_NOFOLLOW);

	return fd < 0 ? -1 : read_attribute_text(fd, buffer, size);
}

int file_read_trusted(int dir, const char *path, char *buffer, size_t size)
{
	autoclose int fd = file_open(dir, path, O_RDONLY | O_NOFOLLOW);
	struct stat status;

	if (fd < 0)
		return -1;
	if (fstat(fd, &status) < 0) {
		errno = EIO;
		return -1;
	}
	if (!S_ISREG(status.st_mode) || !file_is_trusted(&status)) {
		errno = EPERM;
		return -1;
	}
	return read_attribute_text(fd, buffer, size);
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
	autoclose int fd = file_open(dir, path, O_RDONLY | O_NOFOLLOW);
	int got;

	if (fd < 0)
		return -1;
	got = file_read_fd(fd, buffer, size - 1);
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

/* What there is no room for is cut off. Dozens of paths are made at each start, so not by snprintf(). */
static char *join_path(char path[FILE_PATH], const char *directory, const char *name, const char *attribute)
{
	const char *const parts[] = {directory, name, "/", attribute};
	size_t used = 0;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		size_t length = strnlen(parts[i], FILE_PATH - 1 - used);

		memcpy(path + used, parts[i], length);
		used += length;
	}
	path[used] = '\0';
	return path;
}

char *file_net_path(char path[FILE_PATH], const char *netdev, const char *attribute)
{
	return join_path(path, "sys/class/net/", netdev, attribute);
}

char *file_pci_path(char path[FILE_PATH], const struct vfpt_pci *address, const char *attribute)
{
	char text[VFPT_PCI_SIZE];

	return join_path(path, "sys/bus/pci/devices/", vfpt_pci_format(address, text), attribute);
}

bool file_is_netdev_name(const char *name)
{
	size_t length = strlen(name);

	return length > 0 && length < IFNAMSIZ && strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
	       !strpbrk(name, "/: \t\n\v\f\r");
}

int file_link(int dir, const char *path, char *target, size_t size)
{
	ssize_t length;

	if (!strchr(path, '/')) {
		length = readlinkat(dir, path, target, size - 1);
	} else {
		autoclose int fd = file_open(dir, path, O_PATH | O_NOFOLLOW);

		if (fd < 0)
			return -1;
		length = readlinkat(fd, "", target, size - 1);
		/* That is what the kernel says of what is no link, where its name is empty. */
		if (length < 0 && errno == ENOENT)
			errno = EINVAL;
	}
	if (length >= 0)
		target[length] = '\0';
	return (int)length;
}

int file_link_name(int dir, const char *path, char *buffer, size_t size)
{
	char target[512];
	int length = file_link(dir, path, target, sizeof(target));
	const char *name;
	size_t room; /* that it takes, with its end */

	if (length < 0)
		return -1;
	name = strrchr(target, '/');
	name = name ? name + 1 : target;
	room = (size_t)(target + length + 1 - name);
	if (room > size) {
		errno = EOVERFLOW;
		return -1;
	}
	memcpy(buffer, name, room);
	return 0;
}

int file_stat(int dir, const char *path, struct stat *status)
{
	autoclose int fd = file_open(dir, path, O_PATH | O_NOFOLLOW);

	return fd < 0 ? -1 : fstat(fd, status);
}

bool file_exists(int dir, const char *path)
{
	autoclose int fd = file_open(dir, path, O_PATH | O_NOFOLLOW);

	return fd >= 0 || (errno != ENOENT && errno != ENOTDIR);
}

static int not_hidden(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

typedef int compare_entries(const struct dirent **a, const struct dirent **b);

/* @return how many, or -1 with errno */
static int read_entries(int dir, const char *path, compare_entries *order, struct dirent ***entries)
{
	autoclose int fd = file_open(dir, path, O_RDONLY | O_DIRECTORY);

	return fd < 0 ? -1 : scandirat(fd, ".", entries, not_hidden, order);
}

static int walk(int dir, const char *path, compare_entries *order, int (*each)(const char *name, void *data),
	void *data)
{
	struct dirent **entries;
	int count = read_entries(dir, path, order, &entries), r = 0;

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
	int saved = errno;

	if (close(fd) < 0 && r == 0)
		return -1;
	errno = saved;
	return r;
}
