/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "config_keys.h"
#include "file.h"

#define CONFIGURATION "etc/vdsm/vfpt.conf"

/* More than any host's rules. */
#define MOST_TEXT (256 << 10)

struct reader {
	struct vfpt_config *config;
	struct vfpt_error *err;
	FILE *file;
	int line;      /* that is being read */
	int failed;    /* the first line that was refused; 0: none */
	bool indented; /* the line is */
	bool has_key;  /* the section has one already */
	char *text;    /* the line, as getline() wants it */
	size_t text_size;
};

/* --- lines ----------------------------------------------------------------------------------- */

/* "a, b," is "a,b": blanks beside a comma mean nothing, nor does a comma at the end, behind which a next line
 * goes on. */
static void tidy_list(char *value)
{
	char *to = value;

	for (const char *at = value; *at; at++)
		if (!strchr(" \t", *at) || (at[strspn(at, " \t")] != ',' && (to == value || to[-1] != ',')))
			*to++ = *at;
	if (to > value + 1 && to[-1] == ',')
		to--;
	*to = '\0';
}

/*
 * To inih an indented line belongs to the key above it, whatever it is. Only lists go on, and what looks like
 * a section or a key is one that is indented by mistake.
 */
static int check_continuation(const char *key, char *value, struct vfpt_error *err)
{
	size_t length = 0;

	while (value[length] && !(value[length] == ';' && length > 0 && strchr(" \t", value[length - 1])))
		length++;
	while (length > 0 && strchr(" \t", value[length - 1]))
		length--;
	value[length] = '\0';
	if (!vfpt_config_is_list(key))
		return vfpt_error_set(err, VFPT_BAD_INPUT,
			"the line is indented, so it belongs to the one above, which is no list");
	if (strpbrk(value, "=:") || (length > 0 && value[0] == '[' && value[length - 1] == ']'))
		return vfpt_error_set(err, VFPT_BAD_INPUT,
			"the line is indented, so it belongs to the list above; is it to be one of its own?");
	return 0;
}

/* inih's handler: non-zero for success. */
static int on_pair(void *data, const char *section, const char *key, const char *value)
{
	struct reader *reader = data;
	char copy[INI_MAX_LINE + 1];
	int r = 0;

	if (reader->failed)
		return 1;
	snprintf(copy, sizeof(copy), "%s", value);
	if (reader->indented && reader->has_key)
		r = check_continuation(key, copy, reader->err);
	reader->has_key = true;
	if (vfpt_config_is_list(key))
		tidy_list(copy);
	if (r == 0 && vfpt_config_set(reader->config, section, key, copy, reader->err) == 0)
		return 1;
	vfpt_error_wrap(reader->err, "[%.40s] %.40s = %.40s", section, key, value);
	reader->failed = reader->line;
	return 0;
}

/* A section's line: inih takes no notice of an empty section, nor of what follows the bracket. */
static int check_section_line(const char *line, struct vfpt_error *err)
{
	const char *end = strchr(line, ']'), *rest = end ? end + 1 + strspn(end + 1, " \t\r\n") : NULL;
	char section[INI_MAX_LINE];

	if (!end)
		return 0; /* inih says so */
	snprintf(section, sizeof(section), "%.*s", (int)(end - line - 1), line + 1);
	if (vfpt_config_check_section(section, err) < 0)
		return vfpt_error_wrap(err, "[%.40s]", section);
	if (*rest && *rest != ';' && *rest != '#')
		return vfpt_error_set(
			err, VFPT_BAD_INPUT, "[%.40s]: something stands behind the section's name", section);
	return 0;
}

static int check_line(struct reader *reader, const char *line, size_t length, size_t room)
{
	static const char mark[] = "\xef\xbb\xbf"; /* some editors put it in front */
	size_t blanks;

	if (strlen(line) != length)
		return vfpt_error_set(reader->err, VFPT_BAD_INPUT, "a NUL byte is in it");
	if (length - (line[length - 1] == '\n') > room)
		return vfpt_error_set(reader->err, VFPT_BAD_INPUT,
			"longer than %zu characters; a list can go on in the next line, indented", room);
	if (reader->line == 1 && strncmp(line, mark, 3) == 0)
		line += 3;
	blanks = strspn(line, " \t");
	reader->indented = blanks > 0;
	if (line[blanks] != '[' || (reader->indented && reader->has_key))
		return 0;
	reader->has_key = false;
	return check_section_line(line + blanks, reader->err);
}

/* inih's reader, as fgets(). inih tells no line numbers to its handler, and takes a long line for two. */
static char *next_line(char *text, int size, void *data)
{
	struct reader *reader = data;
	ssize_t length = getline(&reader->text, &reader->text_size, reader->file);

	if (length < 0) {
		/* Not the end: what is behind it may forbid what is then done. */
		if (!feof(reader->file) && !reader->failed) {
			vfpt_error_errno(reader->err, VFPT_SYSTEM, ENOMEM, "out of memory");
			reader->failed = reader->line + 1;
		}
		return NULL;
	}
	reader->line++;
	if (!reader->failed && check_line(reader, reader->text, (size_t)length, (size_t)size - 2) < 0)
		reader->failed = reader->line;
	/* What follows a mistake does not count. */
	snprintf(text, (size_t)size, "%s", reader->failed ? "\n" : reader->text);
	return text;
}

static int check_profiles(const struct vfpt_config *config, struct vfpt_error *err)
{
	for (size_t i = 0; i < config->network_count; i++)
		if (vfpt_profile_check(&config->networks[i].profile, err) < 0)
			return vfpt_error_wrap(
				err, "/" CONFIGURATION ", [network %s]", config->networks[i].name);
	return 0;
}

static int parse_file(FILE *file, struct vfpt_config *config, struct vfpt_error *err)
{
	struct reader reader = {.config = config, .err = err, .file = file};
	int line = ini_parse_stream(next_line, &reader, on_pair, &reader);

	free(reader.text);
	if (line == 0 && !reader.failed)
		return check_profiles(config, err);
	if (!reader.failed || (line > 0 && line < reader.failed)) {
		vfpt_error_set(err, VFPT_BAD_INPUT, "neither a section nor KEY = VALUE");
		reader.failed = line;
	}
	return vfpt_error_wrap(err, "/" CONFIGURATION ", line %d", reader.failed);
}

static int read_text(int fd, char *text, struct vfpt_config *config, struct vfpt_error *err)
{
	/* At once: stdio takes a read that a signal interrupted for the end of the file. */
	int size = file_read_fd(fd, text, MOST_TEXT);
	autofclose FILE *file = size > 0 ? fmemopen(text, (size_t)size, "r") : NULL;

	if (size < 0)
		return vfpt_error_errno(err, VFPT_BAD_INPUT, errno, "cannot read /" CONFIGURATION);
	if (size == MOST_TEXT)
		return vfpt_error_set(
			err, VFPT_BAD_INPUT, "/" CONFIGURATION " is larger than %d KiB", MOST_TEXT >> 10);
	if (size > 0 && !file)
		return vfpt_error_errno(err, VFPT_SYSTEM, ENOMEM, "out of memory");
	return size > 0 ? parse_file(file, config, err) : 0;
}

static int read_file(int root, struct vfpt_config *config, struct vfpt_error *err)
{
	autoclose int fd = file_open(root, CONFIGURATION, O_RDONLY | O_NOFOLLOW);
	autofree char *text = NULL;
	struct stat status;

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0 || fstat(fd, &status) < 0)
		return vfpt_error_errno(err, VFPT_BAD_INPUT, errno, "cannot read /" CONFIGURATION);
	if (!S_ISREG(status.st_mode) || !file_is_trusted(&status))
		return vfpt_error_set(err, VFPT_BAD_INPUT,
			"/" CONFIGURATION
			" must be a file of root or vdsm that nobody else can write; see chown and chmod");
	text = malloc(MOST_TEXT);
	return text ? read_text(fd, text, config, err)
		    : vfpt_error_errno(err, VFPT_SYSTEM, ENOMEM, "out of memory");
}

static struct vfpt_config *defaults(void)
{
	struct vfpt_config *config = calloc(1, sizeof(*config));

	if (config)
		config->policy = (struct vfpt_policy){
			.lock_timeout = 60, .liveness_timeout = 5, .grace = 300, .qemu_user = "qemu"};
	return config;
}

int vfpt_config_read(int root, struct vfpt_config **out, struct vfpt_error *err)
{
	int r = 0;

	*out = defaults();
	if (*out && read_file(root, *out, err) < 0) {
		r = -1;
		vfpt_config_free(*out);
		*out = defaults();
	}
	return *out ? r : vfpt_error_errno(err, VFPT_SYSTEM, ENOMEM, "out of memory");
}

void vfpt_config_free(struct vfpt_config *config)
{
	if (!config)
		return;
	for (size_t i = 0; i < config->network_count; i++)
		free(config->networks[i].name);
	for (size_t i = 0; i < config->pf_count; i++)
		free(config->pfs[i].networks);
	free(config->networks);
	free(config->pfs);
	free(config);
}

const struct vfpt_network_rules *vfpt_config_network(
	const struct vfpt_config *config, const char *network, const char *bridge)
{
	const struct vfpt_network_rules *by_bridge = NULL;

	for (size_t i = 0; i < config->network_count; i++) {
		if (network && strcmp(config->networks[i].name, network) == 0)
			return &config->networks[i];
		if (bridge && strcmp(config->networks[i].name, bridge) == 0)
			by_bridge = &config->networks[i];
	}
	return by_bridge;
}

const struct vfpt_pf_rules *vfpt_config_pf(const struct vfpt_config *config, const char *name)
{
	for (size_t i = 0; i < config->pf_count; i++)
		if (strcmp(config->pfs[i].name, name) == 0)
			return &config->pfs[i];
	return NULL;
}
