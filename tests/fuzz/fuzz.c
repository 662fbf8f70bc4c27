/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuzz.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void broken(const char *file, int line, const char *condition)
{
	dprintf(STDERR_FILENO, "%s:%d: does not hold: %s\n", file, line, condition);
	abort();
}

/* Of characters in UTF-8: U+0080 to U+009F, U+200E, U+200F, U+2028 to U+202E, U+2066 to U+2069. */
bool is_tame(const char *text, size_t size)
{
	const unsigned char *c = (const unsigned char *)text, *end = c + size;

	for (; c < end; c++) {
		if (*c < 0x20 || *c == 0x7f || (c + 1 < end && *c == 0xc2 && c[1] < 0xa0))
			return false;
		if (c + 2 >= end || *c != 0xe2)
			continue;
		if (c[1] == 0x80 && (c[2] == 0x8e || c[2] == 0x8f || (c[2] >= 0xa8 && c[2] <= 0xae)))
			return false;
		if (c[1] == 0x81 && c[2] >= 0xa6 && c[2] <= 0xa9)
			return false;
	}
	return true;
}

void must_tell(const struct vfpt_error *err)
{
	MUST(err->code != VFPT_OK);
	MUST(err->message[0]);
	MUST(memchr(err->message, '\0', sizeof(err->message)));
	MUST(is_tame(err->message, strlen(err->message)));
}

/* Warnings are for nobody here, but they are looked at: whole lines, ours, and nothing that a terminal acts
 * on.
 */
static ssize_t swallow(void *cookie, const char *text, size_t size)
{
	(void)cookie;
	MUST(size > 6 && strncmp(text, "vfpt: ", 6) == 0);
	MUST(text[size - 1] == '\n' && is_tame(text, size - 1));
	return (ssize_t)size;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	/* The sanitizers and libFuzzer do not write to this stream, their reports are still seen. */
	stderr = fopencookie(NULL, "w", (cookie_io_functions_t){.write = swallow});
	MUST(stderr);
	setvbuf(stderr, NULL, _IOLBF, 2 * VFPT_ERROR_SIZE);
	return 0;
}

void must_be_settings(const struct vfpt_settings *settings)
{
	for (int i = 0; i < VFPT_SETTING_COUNT; i++) {
		enum vfpt_setting setting = (enum vfpt_setting)i;
		struct vfpt_settings again = {0};
		char text[VFPT_SETTING_SIZE];
		struct vfpt_error err;

		if (!vfpt_settings_have(settings, setting))
			continue;
		vfpt_setting_print(setting, settings->value[i], text);
		MUST(vfpt_setting_scan_shown(&again, setting, text, &err) == 0);
		MUST(again.value[i] == settings->value[i]);
	}
}

char *as_string(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	MUST(text);
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

/* --- a directory */

static char directory[PATH_MAX];

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *at)
{
	(void)status;
	(void)kind;
	(void)at;
	return remove(path);
}

static void remove_directory(void)
{
	nftw(directory, remove_entry, 16, FTW_PHYS | FTW_DEPTH);
}

int own_directory(void)
{
	const char *above = getenv("TMPDIR");
	int fd;

	snprintf(directory, sizeof(directory), "%s/vfpt-fuzz-XXXXXX", above ? above : "/dev/shm");
	MUST(mkdtemp(directory));
	atexit(remove_directory);
	fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	MUST(fd >= 0);
	return fd;
}

const char *own_path(void)
{
	return directory;
}

void write_bytes(int dir, const char *path, const void *bytes, size_t size)
{
	int fd = openat(dir, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	MUST(fd >= 0);
	MUST(write(fd, bytes, size) == (ssize_t)size);
	close(fd);
}
