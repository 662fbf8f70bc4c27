/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines for people. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pf_match.h"
#include "vfpt.h"

#define COLUMNS 80

/* Columns, not bytes: of a UTF-8 character only the first byte counts. */
static unsigned count_columns(const char *text, size_t bytes)
{
	unsigned columns = 0;

	for (size_t i = 0; i < bytes; i++)
		columns += ((unsigned char)text[i] & 0xc0) != 0x80;
	return columns;
}

/* @column: where it starts */
static void print_wrapped(const char *text, unsigned column, unsigned indent)
{
	while (*text) {
		size_t blanks = strspn(text, " "), word = strcspn(text + blanks, " ");
		unsigned room = (unsigned)blanks + count_columns(text + blanks, word);

		if (column + room > COLUMNS && column > indent) {
			printf("\n%*s", (int)indent, "");
			column = indent;
			text += blanks;
			room -= (unsigned)blanks;
			blanks = 0;
		}
		fwrite(text, 1, blanks + word, stdout);
		column += room;
		text += blanks + word;
	}
	putchar('\n');
}

static void print_line(unsigned column, unsigned indent, const char *format, va_list args)
{
	char text[VFPT_ERROR_SIZE];

	vsnprintf(text, sizeof(text), format, args);
	vfpt_sanitise(text, false);
	print_wrapped(text, column, indent);
}

void say(unsigned indent, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print_line(0, indent, format, args);
	va_end(args);
}

/* Not secure_getenv(): the command has no file capability, and this is about colour only. */
static bool is_coloured(void)
{
	const char *term = getenv("TERM"), *none = getenv("NO_COLOR");

	return isatty(STDOUT_FILENO) && term && strcmp(term, "dumb") != 0 && !(none && none[0]);
}

void say_behind(enum colour colour, const char *word, unsigned indent, const char *format, ...)
{
	static const char *const codes[] = {
		[GOOD] = "\033[32m", [DOUBTFUL] = "\033[33m", [BAD] = "\033[1;31m"};
	bool coloured = colour != PLAIN && is_coloured();
	va_list args;

	printf("%s%s%s", coloured ? codes[colour] : "", word, coloured ? "\033[0m" : "");
	printf("%*s", strlen(word) < indent ? (int)(indent - strlen(word)) : 0, "");
	va_start(args, format);
	print_line(strlen(word) < indent ? indent : (unsigned)strlen(word), indent, format, args);
	va_end(args);
}

/* What a VF has that nobody did anything to. */
static bool is_usual(enum vfpt_setting setting, uint64_t value)
{
	switch (setting) {
	case VFPT_VLAN_PROTOCOL:
		return value == VFPT_VLAN_8021Q;
	case VFPT_SPOOFCHK:
		return value == 1;
	default:
		return value == 0;
	}
}

char *settings_text(const struct vfpt_settings *settings, bool usual, char text[SETTINGS_TEXT])
{
	char value[VFPT_SETTING_SIZE];
	size_t used = 0;

	text[0] = '\0';
	for (int i = 0; i < VFPT_SETTING_COUNT; i++) {
		enum vfpt_setting setting = (enum vfpt_setting)i;

		if (!vfpt_settings_have(settings, setting) ||
			(!usual && is_usual(setting, settings->value[i])))
			continue;
		used += (size_t)snprintf(text + used, SETTINGS_TEXT - used, "%s%s %s%s", used ? ", " : "",
			vfpt_setting_name(setting), vfpt_setting_print(setting, settings->value[i], value),
			vfpt_setting_unit(setting));
	}
	return text;
}

char *pf_text(const struct tools *tools, const struct vfpt_pf *pf, char *text, size_t size)
{
	unsigned speed = vfpt_host_link_speed(tools->session.host, pf);
	int node = vfpt_host_numa_node(tools->session.host, pf);
	size_t used = (size_t)snprintf(text, size, "link %s", pf->up ? "up" : "down");

	if (speed)
		used += (size_t)snprintf(text + used, size - used, ", %u Mbit/s", speed);
	used += (size_t)snprintf(text + used, size - used, ", MTU %u", pf->mtu);
	if (node >= 0)
		used += (size_t)snprintf(text + used, size - used, ", NUMA node %d", node);
	if (pf->switchdev)
		snprintf(text + used, size - used, ", switchdev mode");
	return text;
}

char *networks_text(const struct vfpt_surveyed_network *services, size_t count, const struct vfpt_pf *pf,
	char *text, size_t size)
{
	size_t used = 0;

	snprintf(text, size, "none");
	for (size_t i = 0; i < count; i++) {
		if (!vfpt_is_pf_among(services[i].pfs, services[i].pf_count, pf) || used >= size)
			continue;
		used += (size_t)snprintf(
			text + used, size - used, "%s%s", used ? ", " : "", services[i].name);
		if (services[i].vlan_id && used < size)
			used += (size_t)snprintf(text + used, size - used, " (VLAN %u)", services[i].vlan_id);
	}
	return text;
}
