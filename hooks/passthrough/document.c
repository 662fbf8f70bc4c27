/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "document.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "alloc.h"
#include "file.h"
#include "privilege.h"

/* Ten mebibytes of anything reasonable take less than one. */
#define PARSE_SECONDS 10

/* VFPT_EXIT_STOP of hook_run.h. */
#define EXIT_GIVEN_UP 2

/* --- reading --------------------------------------------------------------------------------- */

static int read_text(struct vfpt_document *document, int fd, size_t room, struct vfpt_error *err)
{
	ssize_t got;

	document->text = malloc(room + 1);
	if (!document->text)
		return vfpt_error_errno(err, VFPT_SYSTEM, ENOMEM, "document");
	while ((got = read(fd, document->text + document->size, room - document->size)) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return vfpt_error_errno(
				err, VFPT_BAD_INPUT, errno, "cannot read the document %s", document->path);
		document->size += (size_t)got;
	}
	document->text[document->size] = '\0';
	return 0;
}

/* What is read and what is replaced is in one and the same directory, wherever its path leads meanwhile. */
static int open_directory(struct vfpt_document *document, struct vfpt_error *err)
{
	const char *slash = strrchr(document->path, '/');
	autofree char *path =
		slash ? strndup(document->path, (size_t)(slash - document->path) + 1) : strdup(".");

	if (!path)
		return vfpt_error_errno(err, VFPT_SYSTEM, ENOMEM, "document");
	document->name = slash ? slash + 1 : document->path;
	document->directory = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (document->directory < 0)
		return vfpt_error_errno(
			err, VFPT_BAD_INPUT, errno, "cannot open the document %s", document->path);
	return 0;
}

/* Who tries it by hand may well have a link to it, and nothing is written then. */
static int open_document(const struct vfpt_document *document)
{
	const int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK;

	return document->directory < 0 ? open(document->path, flags)
				       : openat(document->directory, document->name, flags | O_NOFOLLOW);
}

static int read_document_file(struct vfpt_document *document, struct vfpt_error *err)
{
	autoclose int fd = open_document(document);
	struct stat status;

	if (fd < 0)
		return vfpt_error_errno(
			err, VFPT_BAD_INPUT, errno, "cannot open the document %s", document->path);
	if (fstat(fd, &status) < 0)
		return vfpt_error_errno(
			err, VFPT_BAD_INPUT, errno, "cannot read the document %s", document->path);
	if (!S_ISREG(status.st_mode))
		return vfpt_error_set(
			err, VFPT_BAD_INPUT, "the document %s is not a regular file", document->path);
	if (status.st_size > VFPT_DOCUMENT_MAX)
		return vfpt_error_set(err, VFPT_BAD_INPUT, "the document %s is larger than %u MiB",
			document->path, VFPT_DOCUMENT_MAX >> 20);
	document->mode = status.st_mode & 07777;
	document->uid = status.st_uid;
	document->gid = status.st_gid;
	/* One byte more shows the end of the file. */
	return read_text(document, fd, (size_t)status.st_size + 1, err);
}

/* It was given up while the document was parsed, and may be hostile: nothing is left to be used. */
static void give_up(int number)
{
	static const char line[] = "vfpt: the document takes too long to read, and is refused; a domain that "
				   "libvirt takes is much smaller\n";

	(void)number;
	privilege_renounce_all(); /* a system call. NOLINT(bugprone-signal-handler,cert-sig30-c) */
	(void)!write(STDERR_FILENO, line, sizeof(line) - 1);
	_exit(EXIT_GIVEN_UP);
}

/*
 * libxml2 (2.9) compares each attribute of an element with all others, and each name with many: one megabyte
 * can take minutes. Nothing has been done yet, so to end here undoes nothing. The time is our own, on a busy
 * machine too.
 */
static int parse_in_time(struct vfpt_document *document, struct vfpt_error *err)
{
	const struct itimerval limit = {.it_value.tv_sec = PARSE_SECONDS}, none = {.it_value.tv_sec = 0};
	int r;

	signal(SIGVTALRM, give_up);
	setitimer(ITIMER_VIRTUAL, &limit, NULL);
	r = vfpt_domain_parse(document->text, document->size, &document->domain, err);
	setitimer(ITIMER_VIRTUAL, &none, NULL);
	return r;
}

int vfpt_document_read(
	struct vfpt_document *document, const char *path, bool replaceable, struct vfpt_error *err)
{
	document->path = path;
	if (replaceable && open_directory(document, err) < 0)
		return -1;
	if (read_document_file(document, err) < 0)
		return -1;
	return parse_in_time(document, err) < 0 ? vfpt_error_wrap(err, "%s", path) : 0;
}

int vfpt_document_use(struct vfpt_document *document, const char *text, struct vfpt_error *err)
{
	document->text = strdup(text);
	if (!document->text)
		return vfpt_error_errno(err, VFPT_SYSTEM, ENOMEM, "document");
	document->size = strlen(text);
	return parse_in_time(document, err);
}

void vfpt_document_close(struct vfpt_document *document)
{
	vfpt_domain_free(document->domain);
	free(document->text);
	if (document->directory >= 0)
		close(document->directory);
	*document = (struct vfpt_document)VFPT_DOCUMENT_CLOSED;
}

/* --- replacing ------------------------------------------------------------------------------- */

/* The new file has the mode and owner of the old before it has its name. */
static int copy_owner_and_mode(const struct vfpt_document *document, int fd)
{
	if ((document->uid != geteuid() || document->gid != getegid()) &&
		fchown(fd, document->uid, document->gid) < 0)
		return -1;
	return fchmod(fd, document->mode);
}

/*
 * The new document has another name until it is whole: the old one's, and whose it is. It cannot be nameless
 * (O_TMPFILE), as a link does not replace what is there.
 */
#define TEMPORARY ".vfpt-"

static char *temporary_name(const char *name)
{
	unsigned long long random;
	char *text;

	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) != sizeof(random))
		return NULL;
	return asprintf(&text, "%s" TEMPORARY "%d-%016llx", name, getpid(), random) < 0 ? NULL : text;
}

static int write_and_rename(
	const struct vfpt_document *document, const char *temporary, const char *text, size_t size)
{
	int fd = openat(
		document->directory, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	int number;

	if (fd < 0)
		return -1;
	if (copy_owner_and_mode(document, fd) < 0)
		scoped_close(&fd);
	else if (file_write_and_close(fd, text, size) == 0 &&
		 renameat(document->directory, temporary, document->directory, document->name) == 0)
		return 0;
	number = errno;
	(void)unlinkat(document->directory, temporary, 0);
	errno = number;
	return -1;
}

static int replace_text(
	const struct vfpt_document *document, const char *text, size_t size, struct vfpt_error *err)
{
	autofree char *temporary = temporary_name(document->name);

	if (temporary && write_and_rename(document, temporary, text, size) == 0)
		return 0;
	vfpt_error_errno(err, VFPT_SYSTEM, errno, "cannot write the document %s", document->path);
	return vfpt_error_remedy(err, "make room and see that VDSM's user can write in its directory");
}

/* Is that a document that a hook was writing, which is no more? */
static bool is_abandoned(int directory, const char *name)
{
	const char *mark = strstr(name, TEMPORARY);
	struct stat status;
	int pid, length = 0;

	return mark && sscanf(mark, TEMPORARY "%d-%*16[0-9a-f]%n", &pid, &length) == 1 && length > 0 &&
	       mark[length] == '\0' && pid > 0 && kill(pid, 0) < 0 && errno == ESRCH &&
	       fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(status.st_mode) &&
	       status.st_uid == geteuid();
}

/* More names than that are somebody's who wants us to wait. */
#define MOST_NAMES 10000

/* A hook that was killed cannot remove what it was writing, so the next one does. */
void vfpt_document_clean(const struct vfpt_document *document)
{
	int fd = openat(document->directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *names = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	for (int i = 0; names && i < MOST_NAMES && (entry = readdir(names)); i++)
		if (is_abandoned(document->directory, entry->d_name))
			(void)unlinkat(document->directory, entry->d_name, 0);
	if (names)
		closedir(names);
	else if (fd >= 0)
		close(fd);
}

int vfpt_document_replace(const struct vfpt_document *document, struct vfpt_error *err)
{
	autofree char *text = NULL;
	size_t size;

	if (vfpt_domain_print(document->domain, &text, &size, err) < 0)
		return -1;
	return replace_text(document, text, size, err);
}
