/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "message.h"

#include <stdarg.h>
#include <stdio.h>

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
