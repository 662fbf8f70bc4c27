/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line: what --help names is what is taken, for both come from one table. */
#include <stdio.h>
#include <string.h>

#include "vfpt.h"

static void print_command_help(const struct command *command)
{
	printf("Usage: vfpt %s", command->name);
	for (const struct option *o = command->options; o->name; o++)
		printf(" [--%s%s%s]", o->name, o->argument ? " " : "", o->argument ? o->argument : "");
	printf("%s%s\n\n%s.\n%s\n", command->operand ? " " : "", command->operand ? command->operand : "",
		command->summary, command->text);
	for (const struct option *o = command->options; o->name; o++) {
		char text[40];

		snprintf(text, sizeof(text), "--%s%s%s", o->name, o->argument ? " " : "",
			o->argument ? o->argument : "");
		printf("  %-13s %s\n", text, o->help);
	}
	printf("  %-13s %s\n\nExit status:\n%s", "--help", "this text", command->exits);
}

static int find_option(const struct command *command, const char *name, size_t length)
{
	for (int i = 0; command->options[i].name; i++)
		if (strlen(command->options[i].name) == length &&
			strncmp(name, command->options[i].name, length) == 0)
			return i;
	return -1;
}

const char *option(const struct call *call, const char *name)
{
	int i = find_option(call->command, name, strlen(name));

	return i < 0 ? NULL : call->values[i];
}

/* --NAME, --NAME VALUE or --NAME=VALUE. @return how many words that is */
static int read_option(struct call *call, char **words, struct vfpt_error *err)
{
	const char *name = words[0] + 2, *equals = strchr(name, '=');
	int i = find_option(call->command, name, strcspn(name, "="));

	if (i < 0)
		return vfpt_error_set(err, VFPT_BAD_INPUT, "unknown option \"%.40s\"; see vfpt %s --help",
			words[0], call->command->name);
	if (!call->command->options[i].argument) {
		call->values[i] = "";
		return equals ? vfpt_error_set(err, VFPT_BAD_INPUT, "--%s takes no value",
					call->command->options[i].name)
			      : 1;
	}
	call->values[i] = equals ? equals + 1 : words[1];
	if (!call->values[i])
		return vfpt_error_set(err, VFPT_BAD_INPUT, "--%s wants %s", call->command->options[i].name,
			call->command->options[i].argument);
	return equals ? 1 : 2;
}

int read_call(struct call *call, char **words, struct vfpt_error *err)
{
	const struct command *command = call->command;
	bool options = true;
	int taken;

	for (; *words; words += taken) {
		taken = 1;
		if (options && strcmp(*words, "--help") == 0) {
			print_command_help(command);
			return 1;
		}
		if (options && strcmp(*words, "--") == 0)
			options = false;
		else if (options && strncmp(*words, "-", 1) == 0 && (*words)[1])
			taken = read_option(call, words, err);
		else if (command->operand && !call->operand)
			call->operand = *words;
		else
			return vfpt_error_set(err, VFPT_BAD_INPUT,
				"\"%.40s\" is too much; see vfpt %s --help", *words, command->name);
		if (taken < 0)
			return -1;
	}
	if (command->operand && !call->operand)
		return vfpt_error_set(err, VFPT_BAD_INPUT, "%s wants %s; see vfpt %s --help", command->name,
			command->operand, command->name);
	return 0;
}
