/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "message.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void vfpt_error_print(const struct vfpt_error *err)
{
	fprintf(stderr, "vfpt: %s\n", err->message);
}

static void print_message(const char *prefix, const char *format, va_list args)
{
	char line[VFPT_ERROR_SIZE];

	vsnprintf(line, sizeof(line), format, args);
	vfpt_sanitise(line, false);
	fprintf(stderr, "%s%s\n", prefix, line);
}

void vfpt_warn(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print_message("vfpt: warning: ", format, args);
	va_end(args);
}

void vfpt_note(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print_message("", format, args);
	va_end(args);
}

/* --- held back ------------------------------------------------------------------------------- */

static FILE *shown; /* stderr, while something else is in its place; NULL: nothing is */
static char *text;
static size_t size;

int vfpt_messages_hold(struct vfpt_error *err)
{
	FILE *held = open_memstream(&text, &size);

	if (!held)
		return vfpt_error_errno(err, VFPT_SYSTEM, errno, "messages");
	shown = stderr;
	stderr = held;
	return 0;
}

void vfpt_messages_drop(void)
{
	if (shown)
		rewind(stderr);
}

void vfpt_messages_show(void)
{
	if (!shown)
		return;
	fclose(stderr);
	stderr = shown;
	shown = NULL;
	fwrite(text, 1, size, stderr);
	free(text);
}
