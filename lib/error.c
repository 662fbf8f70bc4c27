/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vfpt/error.h"

#include <stdio.h>
#include <string.h>

/* Bytes of the UTF-8 character that starts at @c; 0 where it is none, or one cut short. */
static int character(const unsigned char *c)
{
	int size = c[0] < 0x80                   ? 1
		   : c[0] >= 0xc2 && c[0] < 0xe0 ? 2
		   : (c[0] & 0xf0) == 0xe0       ? 3
		   : c[0] >= 0xf0 && c[0] < 0xf5 ? 4
						 : 0;

	for (int i = 1; i < size; i++)
		if ((c[i] & 0xc0) != 0x80)
			return 0;
	return size;
}

/* One line, and nothing in it that a terminal or a log would act on: no control characters of seven or eight
 * bits. */
static void tame(char *text)
{
	unsigned char *c = (unsigned char *)text;

	while (*c) {
		int size = character(c);

		if (size == 0 || *c < 0x20 || *c == 0x7f)
			*c = '?';
		else if (c[0] == 0xc2 && c[1] < 0xa0)
			c[0] = c[1] = '?';
		c += size ? size : 1;
	}
}

int vfpt_error_set(struct vfpt_error *err, enum vfpt_code code, const char *format, ...)
{
	va_list args;

	err->code = code;
	va_start(args, format);
	vsnprintf(err->message, sizeof(err->message), format, args);
	va_end(args);
	tame(err->message);
	return -1;
}

static void append(struct vfpt_error *err, const char *separator, const char *text)
{
	size_t used = strlen(err->message);

	snprintf(err->message + used, sizeof(err->message) - used, "%s%s", separator, text);
	tame(err->message);
}

int vfpt_error_errno(struct vfpt_error *err, enum vfpt_code code, int number, const char *format, ...)
{
	char reason[128];
	va_list args;

	err->code = code;
	va_start(args, format);
	vsnprintf(err->message, sizeof(err->message), format, args);
	va_end(args);
	append(err, ": ", strerror_r(number, reason, sizeof(reason)));
	return -1;
}

int vfpt_error_wrap(struct vfpt_error *err, const char *format, ...)
{
	char inner[VFPT_ERROR_SIZE];
	va_list args;

	memcpy(inner, err->message, sizeof(inner));
	va_start(args, format);
	vsnprintf(err->message, sizeof(err->message), format, args);
	va_end(args);
	append(err, ": ", inner);
	return -1;
}

int vfpt_error_remedy(struct vfpt_error *err, const char *format, ...)
{
	char remedy[VFPT_ERROR_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(remedy, sizeof(remedy), format, args);
	va_end(args);
	append(err, "; ", remedy);
	return -1;
}
