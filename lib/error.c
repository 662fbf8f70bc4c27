/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vfpt/error.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* The UTF-8 character that starts at @c. @return its bytes; 0 where there is none, one cut short, or one
 * written longer than it is */
static size_t read_character(const unsigned char *c, uint32_t *character)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	static const unsigned char bits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
	size_t size = c[0] < 0x80             ? 1
		      : (c[0] & 0xe0) == 0xc0 ? 2
		      : (c[0] & 0xf0) == 0xe0 ? 3
		      : (c[0] & 0xf8) == 0xf0 ? 4
					      : 0;

	*character = c[0] & bits[size];
	for (size_t i = 1; i < size; i++) {
		if ((c[i] & 0xc0) != 0x80)
			return 0;
		*character = *character << 6 | (c[i] & 0x3f);
	}
	if (*character < least[size] || *character > 0x10ffff ||
		(*character >= 0xd800 && *character <= 0xdfff))
		return 0;
	return size;
}

/*
 * What is not seen itself, but changes what is: control characters of seven and eight bits, separators of
 * lines, marks that turn the direction of writing, and what Unicode calls Default_Ignorable_Code_Point
 * (characters without width, fillers, selectors, tags).
 */
static const struct {
	uint32_t first, last;
} invisible[] = {
	{0x00, 0x1f},
	{0x7f, 0x9f},
	{0xad, 0xad},
	{0x34f, 0x34f},
	{0x61c, 0x61c},
	{0x115f, 0x1160},
	{0x17b4, 0x17b5},
	{0x180b, 0x180f},
	{0x200b, 0x200f},
	{0x2028, 0x202e},
	{0x2060, 0x206f},
	{0x3164, 0x3164},
	{0xfe00, 0xfe0f},
	{0xfeff, 0xfeff},
	{0xffa0, 0xffa0},
	{0xfff0, 0xfffb},
	{0x1bca0, 0x1bca3},
	{0x1d173, 0x1d17a},
	{0xe0000, 0xe0fff},
};

static bool is_visible(uint32_t character)
{
	/* Nearly all are ASCII, and of nearly all messages nothing is ever shown. */
	if (character >= 0x20 && character < 0x7f)
		return true;
	for (size_t i = 0; i < sizeof(invisible) / sizeof(invisible[0]); i++)
		if (character >= invisible[i].first && character <= invisible[i].last)
			return false;
	return true;
}

void vfpt_sanitise(char *text, bool multiline)
{
	const unsigned char *from = (unsigned char *)text;
	char *to = text;

	while (*from) {
		uint32_t character;
		size_t size = read_character(from, &character);
		bool stays = size > 0 && (is_visible(character) ||
						 (multiline && (character == '\n' || character == '\t')));

		if (!stays)
			*to++ = '?';
		for (size_t i = 0; stays && i < size; i++)
			*to++ = (char)from[i];
		from += size ? size : 1;
	}
	*to = '\0';
}

int vfpt_error_set(struct vfpt_error *err, enum vfpt_code code, const char *format, ...)
{
	va_list args;

	err->code = code;
	err->number = 0;
	va_start(args, format);
	vsnprintf(err->message, sizeof(err->message), format, args);
	va_end(args);
	vfpt_sanitise(err->message, false);
	return -1;
}

static void append(struct vfpt_error *err, const char *separator, const char *text)
{
	size_t used = strlen(err->message);

	snprintf(err->message + used, sizeof(err->message) - used, "%s%s", separator, text);
	vfpt_sanitise(err->message, false);
}

int vfpt_error_errno(struct vfpt_error *err, enum vfpt_code code, int number, const char *format, ...)
{
	char reason[128];
	va_list args;

	err->code = code;
	err->number = number;
	va_start(args, format);
	vsnprintf(err->message, sizeof(err->message), format, args);
	va_end(args);
	append(err, ": ",
		number == VFPT_ENOTSUPP ? "Operation not supported (524)"
					: strerror_r(number, reason, sizeof(reason)));
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
