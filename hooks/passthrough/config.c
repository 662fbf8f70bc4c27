/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"

#define CONFIGURATION "etc/vdsm/vfpt.conf"

/* More than any host's rules. */
#define MOST_TEXT (256 << 10)

/* Longest list of networks of a PF, with its end. */
#define MOST_NETWORKS 4096

/* inih cuts longer names of sections and keys (ini.c, MAX_SECTION and MAX_NAME), and says nothing. */
#define LONGEST_NAME 48

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

/* --- values ---------------------------------------------------------------------------------- */

/* Lists can go on in the next line. */
static int append(char *list, size_t size, const char *value, struct vfpt_error *err)
{
	size_t used = strlen(list);

	if (used + strlen(value) + 2 > size)
		return vfpt_error_set(
			err, VFPT_BAD_INPUT, "the list is longer than %zu characters", size - 1);
	snprintf(list + used, size - used, "%s%s", used ? "," : "", value);
	return 0;
}

static int set_number(unsigned *out, const char *value, uint64_t max, struct vfpt_error *err)
{
	uint64_t number;

	if (parse_number(value, 10, max, &number) < 0)
		return vfpt_error_set(err, VFPT_BAD_INPUT, "\"%.40s\" is no number from 0 to %llu", value,
			(unsigned long long)max);
	*out = (unsigned)number;
	return 0;
}

static int set_user(char out[VFPT_USER_SIZE], const char *value, struct vfpt_error *err)
{
	static const char characters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
	size_t length = strlen(value);

	if (length == 0 || length >= VFPT_USER_SIZE || strspn(value, characters) != length)
		return vfpt_error_set(err, VFPT_BAD_INPUT, "\"%.40s\" is no user's name", value);
	memcpy(out, value, length + 1);
	return 0;
}

static int unknown_value(const char *value, const char *known, struct vfpt_error *err)
{
	return vfpt_error_set(err, VFPT_BAD_INPUT, "unknown value \"%.40s\"; it is %s", value, known);
}

static int unknown_key(const char *known, struct vfpt_error *err)
{
	return vfpt_error_set(err, VFPT_BAD_INPUT, "not known; there are %s", known);
}

/* --- sections -------------------------------------------------------------------------------- */

/* @return the index of @value among @count @words, -1: none */
static int find_word(const char *value, const char *const *words, int count)
{
	for (int i = 0; i < count; i++)
		if (strcmp(value, words[i]) == 0)
			return i;
	return -1;
}

static int set_policy(struct vfpt_policy *policy, const char *key, const char *value, struct vfpt_error *err)
{
	static const char *const numa[] = {
		[VFPT_NUMA_PREFER] = "prefer",
		[VFPT_NUMA_REQUIRE] = "require",
		[VFPT_NUMA_IGNORE] = "ignore",
	};
	static const char *const untagged[] = {
		[VFPT_UNTAGGED_WARN] = "warn",
		[VFPT_UNTAGGED_ALLOW] = "allow",
		[VFPT_UNTAGGED_REFUSE] = "refuse",
	};
	int word;

	if (strcmp(key, "gap") == 0) {
		policy->gap_allowed = strcmp(value, "allow") == 0;
		return policy->gap_allowed || strcmp(value, "refuse") == 0
			       ? 0
			       : unknown_value(value, "refuse or allow", err);
	}
	if (strcmp(key, "placement") == 0) {
		policy->pack = strcmp(value, "pack") == 0;
		return policy->pack || strcmp(value, "spread") == 0
			       ? 0
			       : unknown_value(value, "spread or pack", err);
	}
	if (strcmp(key, "numa") == 0) {
		word = find_word(value, numa, 3);
		if (word < 0)
			return unknown_value(value, "prefer, require or ignore", err);
		policy->numa = (enum vfpt_numa)word;
		return 0;
	}
	if (strcmp(key, "untagged") == 0) {
		word = find_word(value, untagged, 3);
		if (word < 0)
			return unknown_value(value, "warn, allow or refuse", err);
		policy->untagged = (enum vfpt_untagged)word;
		return 0;
	}
	if (strcmp(key, "lock_timeout") == 0)
		return set_number(&policy->lock_timeout, value, 3600, err);
	if (strcmp(key, "grace") == 0)
		return set_number(&policy->grace, value, 86400, err);
	if (strcmp(key, "liveness_timeout") == 0)
		return set_number(&policy->liveness_timeout, value, 600, err);
	if (strcmp(key, "qemu_user") == 0)
		return set_user(policy->qemu_user, value, err);
	return unknown_key(
		"gap, placement, numa, untagged, lock_timeout, liveness_timeout, grace and qemu_user", err);
}

static int set_network(
	struct vfpt_network_rules *network, const char *key, const char *value, struct vfpt_error *err)
{
	struct vfpt_profile scratch = {0};
	unsigned number = 0;

	if (strcmp(key, "pfs") == 0)
		/* Checked as the property is, which has the same meaning for one vNIC. */
		return vfpt_profile_set(&scratch, "vf_pf", value, err) < 0
			       ? -1
			       : append(network->pfs, sizeof(network->pfs), value, err);
	if (strcmp(key, "vlan") == 0) {
		if (set_number(&number, value, 4094, err) < 0)
			return -1;
		network->has_vlan = true;
		network->vlan_id = (uint16_t)number;
		return 0;
	}
	if (strcmp(key, "mtu") == 0)
		return set_number(&network->mtu, value, 65535, err);
	if (vfpt_profile_knows(key))
		return vfpt_profile_set(&network->profile, key, value, err);
	return unknown_key("pfs, vlan, mtu and the vNIC's custom properties", err);
}

static int set_pf(struct vfpt_pf_rules *pf, const char *key, const char *value, struct vfpt_error *err)
{
	if (strcmp(key, "networks") == 0) {
		if (!pf->networks)
			pf->networks = calloc(1, MOST_NETWORKS);
		return pf->networks ? append(pf->networks, MOST_NETWORKS, value, err)
				    : vfpt_error_errno(err, VFPT_SYSTEM, ENOMEM, "out of memory");
	}
	if (strcmp(key, "exclude") == 0)
		return vfpt_set_parse(&pf->exclude, value) == 0
			       ? 0
			       : vfpt_error_set(err, VFPT_BAD_INPUT,
					 "\"%.40s\" is no list of VF indices, as in 0-3,6", value);
	if (strcmp(key, "max_vfs_per_vm") == 0)
		return set_number(&pf->max_vfs_per_vm, value, VFPT_MAX_VFS, err);
	return unknown_key("networks, exclude and max_vfs_per_vm", err);
}

static struct vfpt_network_rules *get_network(struct vfpt_config *config, const char *name)
{
	struct vfpt_network_rules *grown;

	for (size_t i = 0; i < config->network_count; i++)
		if (strcmp(config->networks[i].name, name) == 0)
			return &config->networks[i];
	grown = reallocarray(config->networks, config->network_count + 1, sizeof(*grown));
	if (!grown)
		return NULL;
	config->networks = grown;
	grown = &grown[config->network_count];
	*grown = (struct vfpt_network_rules){.name = strdup(name)};
	if (!grown->name)
		return NULL;
	config->network_count++;
	return grown;
}

static struct vfpt_pf_rules *get_pf(struct vfpt_config *config, const char *name)
{
	struct vfpt_pf_rules *grown;

	for (size_t i = 0; i < config->pf_count; i++)
		if (strcmp(config->pfs[i].name, name) == 0)
			return &config->pfs[i];
	grown = reallocarray(config->pfs, config->pf_count + 1, sizeof(*grown));
	if (!grown)
		return NULL;
	config->pfs = grown;
	grown = &grown[config->pf_count++];
	memset(grown, 0, sizeof(*grown));
	memcpy(grown->name, name, strnlen(name, sizeof(grown->name) - 1));
	return grown;
}

/* "network red": @return "red", NULL for another kind of section. */
static const char *name_in(const char *section, const char *kind)
{
	size_t length = strlen(kind);

	if (strncmp(section, kind, length) != 0 || section[length] != ' ')
		return NULL;
	section += length;
	section += strspn(section, " \t");
	length = strlen(section);
	return length > 0 && !strchr(" \t", section[length - 1]) ? section : NULL;
}

static int check_section(const char *section, struct vfpt_error *err)
{
	const char *pf = name_in(section, "pf");

	if (strlen(section) > LONGEST_NAME)
		return vfpt_error_set(
			err, VFPT_BAD_INPUT, "the name is longer than %d characters", LONGEST_NAME);
	if (pf && strpbrk(pf, "*?[]"))
		return vfpt_error_set(
			err, VFPT_BAD_INPUT, "each PF has a section of its own; no patterns here");
	if (strcmp(section, "policy") == 0 || name_in(section, "network") || (pf && strlen(pf) < IFNAMSIZ))
		return 0;
	return vfpt_error_set(
		err, VFPT_BAD_INPUT, "no such section; there are [policy], [network NAME] and [pf NAME]");
}

static int set(struct vfpt_config *config, const char *section, const char *key, const char *value,
	struct vfpt_error *err)
{
	const char *name, *pf;
	void *rules;

	if (check_section(section, err) < 0)
		return -1;
	if (strlen(key) > LONGEST_NAME)
		return vfpt_error_set(
			err, VFPT_BAD_INPUT, "the name is longer than %d characters", LONGEST_NAME);
	if (strcmp(section, "policy") == 0)
		return set_policy(&config->policy, key, value, err);
	name = name_in(section, "network");
	pf = name_in(section, "pf");
	rules = name ? (void *)get_network(config, name) : pf ? get_pf(config, pf) : NULL;
	if (!rules)
		return vfpt_error_errno(err, VFPT_SYSTEM, ENOMEM, "out of memory");
	return name ? set_network(rules, key, value, err) : set_pf(rules, key, value, err);
}

/* --- lines ----------------------------------------------------------------------------------- */

static bool is_list(const char *key)
{
	return strcmp(key, "pfs") == 0 || strcmp(key, "networks") == 0 || strcmp(key, "exclude") == 0;
}

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
	if (!is_list(key))
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
	if (is_list(key))
		tidy_list(copy);
	if (r == 0 && set(reader->config, section, key, copy, reader->err) == 0)
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
	if (check_section(section, err) < 0)
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

static int parse(FILE *file, struct vfpt_config *config, struct vfpt_error *err)
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

static struct vfpt_config *defaults(void)
{
	struct vfpt_config *config = calloc(1, sizeof(*config));

	if (config)
		config->policy = (struct vfpt_policy){
			.lock_timeout = 60, .liveness_timeout = 5, .grace = 300, .qemu_user = "qemu"};
	return config;
}

static int parse_text(char *text, size_t size, struct vfpt_config *config, struct vfpt_error *err)
{
	FILE *file = size > 0 ? fmemopen(text, size, "r") : NULL;
	int r;

	if (size == 0)
		return 0;
	if (!file)
		return vfpt_error_errno(err, VFPT_SYSTEM, ENOMEM, "out of memory");
	r = parse(file, config, err);
	fclose(file);
	return r;
}

static int read_open_file(int fd, struct vfpt_config *config, struct vfpt_error *err)
{
	struct stat status;
	int size;
	char *text;
	int r;

	if (fstat(fd, &status) < 0)
		return vfpt_error_errno(err, VFPT_BAD_INPUT, errno, "cannot read /" CONFIGURATION);
	if (!S_ISREG(status.st_mode) || !file_is_trusted(&status))
		return vfpt_error_set(err, VFPT_BAD_INPUT,
			"/" CONFIGURATION
			" must be a file of root or vdsm that nobody else can write; see chown and chmod");
	text = malloc(MOST_TEXT);
	if (!text)
		return vfpt_error_errno(err, VFPT_SYSTEM, ENOMEM, "out of memory");
	/* At once: stdio takes a read that a signal interrupted for the end of the file. */
	size = file_read_fd(fd, text, MOST_TEXT);
	if (size < 0)
		r = vfpt_error_errno(err, VFPT_BAD_INPUT, errno, "cannot read /" CONFIGURATION);
	else if (size == MOST_TEXT)
		r = vfpt_error_set(
			err, VFPT_BAD_INPUT, "/" CONFIGURATION " is larger than %d KiB", MOST_TEXT >> 10);
	else
		r = parse_text(text, (size_t)size, config, err);
	free(text);
	return r;
}

static int read_file(int root, struct vfpt_config *config, struct vfpt_error *err)
{
	int fd = file_open(root, CONFIGURATION, O_RDONLY | O_NOFOLLOW), r;

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return vfpt_error_errno(err, VFPT_BAD_INPUT, errno, "cannot read /" CONFIGURATION);
	r = read_open_file(fd, config, err);
	close(fd);
	return r;
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
