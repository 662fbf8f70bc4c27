/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "message.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- held back ------------------------------------------------------------------------------- */

static bool holding;
static char *held;
static size_t used, room;

void vfpt_messages_hold(void)
{
	holding = true;
}

void vfpt_messages_drop(void)
{
	used = 0;
}

void vfpt_messages_show(void)
{
	if (used > 0)
		fwrite(held, 1, used, stderr);
	free(held);
	held = NULL;
	used = room = 0;
	holding = false;
}

/* Without memory it is better said too early than not at all. */
static void put_line(const char *line)
{
	size_t length = strlen(line), wanted = 2 * (used + length + 1);
	char *grown = holding && room - used <= length ? realloc(held, wanted) : NULL;

	if (grown) {
		held = grown;
		room = wanted;
	}
	if (holding && room - used <= length)
		vfpt_messages_show();
	if (!holding) {
		fputs(line, stderr);
		return;
	}
	memcpy(held + used, line, length + 1);
	used += length;
}

/* --- a line ---------------------------------------------------------------------------------- */

void vfpt_error_print(const struct vfpt_error *err)
{
	fprintf(stderr, "vfpt: %s\n", err->message);
}

static void say(const char *prefix, const char *format, va_list args)
{
	char text[VFPT_ERROR_SIZE], line[VFPT_ERROR_SIZE + 32];

	vsnprintf(text, sizeof(text), format, args);
	vfpt_sanitise(text, false);
	snprintf(line, sizeof(line), "%s%s\n", prefix, text);
	put_line(line);
}

void vfpt_warn(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say("vfpt: warning: ", format, args);
	va_end(args);
}

void vfpt_note(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say("", format, args);
	va_end(args);
}
