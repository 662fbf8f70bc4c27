/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Small files: reading sysfs attributes, links and directories below
 * a directory descriptor, writing safely.
 */
#ifndef VFPT_LIB_FILE_H
#define VFPT_LIB_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "vfpt/error.h"
#include "vfpt/pci.h"

/* The longest path that is built here: a class directory, a netdev's name, an attribute. */
#define FILE_PATH 192

/*
 * Open what is below @root as a process would that has @root for its /: no link and no ".." leads out of it
 * (openat2(2), RESOLVE_IN_ROOT), and a pipe is not waited for (O_NONBLOCK). Where the kernel is older than
 * 5.6 a link can lead out. @return a descriptor that is closed on exec, or -1 with errno.
 */
int file_open(int root, const char *path, int flags);

/*
 * In all that follows @dir is such a root, or a directory in which @path is a plain name.
 */

/*
 * Read a small attribute without its newline. @return its length, or
 * -1 with errno (a cut one is EOVERFLOW).
 */
int file_read(int dir, const char *path, char *buffer, size_t size);

/* The same of a regular file that file_is_trusted(); of any other -1 with EPERM. */
int file_read_trusted(int dir, const char *path, char *buffer, size_t size);

/* Read @room bytes at most, as they are. @return how many, or -1 with errno. */
int file_read_fd(int fd, char *buffer, size_t room);

/*
 * Read the first @size - 1 bytes of a file at most, as they are, '\0'
 * behind. @return how many, or -1 with errno.
 */
int file_read_start(int dir, const char *path, char *buffer, size_t size);

/*
 * Can only root, VDSM's user or we ourselves have written that? What others can write may be made to say
 * anything.
 */
bool file_is_trusted(const struct stat *status);

/* An unsigned number of at most @max, nothing before or behind it. @return 0, or -1 with errno. */
int parse_number(const char *text, int base, uint64_t max, uint64_t *value);

/* Read an unsigned decimal or 0x-hexadecimal number of at most @max. @return 0, or -1 with errno. */
int file_number(int dir, const char *path, uint64_t max, uint64_t *value);

/* sys/class/net/NETDEV/ATTRIBUTE, sys/bus/pci/devices/ADDRESS/ATTRIBUTE. @return @path */
char *file_net_path(char path[FILE_PATH], const char *netdev, const char *attribute);
char *file_pci_path(char path[FILE_PATH], const struct vfpt_pci *address, const char *attribute);

/* As the kernel's dev_valid_name(): what comes from outside must not leave its directory. */
bool file_is_netdev_name(const char *name);

/*
 * What a symbolic link points to, cut to @size - 1 bytes, '\0'
 * behind. @return its length, or -1 with errno.
 */
int file_link(int dir, const char *path, char *target, size_t size);

/* The last part of what a symbolic link points to. @return 0, or -1 with errno. */
int file_link_name(int dir, const char *path, char *buffer, size_t size);

/* As lstat(2). @return 0, or -1 with errno. */
int file_stat(int dir, const char *path, struct stat *status);

/* True too where that cannot be told: who then reads it gets the error. */
bool file_exists(int dir, const char *path);

/*
 * Call @each with the name of every entry of a directory that is not hidden, until it returns non-zero; in no
 * order, or in name order ("eth10" after "eth9"). @return what the last @each returned, 0 for an empty
 * directory, or -1 with errno when it cannot be read
 * (@each must return 0 or a positive number).
 */
int file_each(int dir, const char *path, int (*each)(const char *name, void *data), void *data);
int file_each_sorted(int dir, const char *path, int (*each)(const char *name, void *data), void *data);

/*
 * Write all of @text to a new file and close @fd, in any case. @return 0, or -1 with errno. No fsync(2): a
 * disk that others load would hold up whoever waits, and what is written here is of use until the next boot
 * only.
 */
int file_write_and_close(int fd, const char *text, size_t size);

#endif
