/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the subcommands of vfpt share. */
#ifndef VFPT_COMMAND_H
#define VFPT_COMMAND_H

#include <json-c/json_object.h>

#include "alloc.h"
#include "plan.h"
#include "survey.h"

/* --- the command line (options.c) */

/* Exit statuses; each means the same with every subcommand. */
enum {
	EXIT_FINE = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_WARNED = 3, /* vfpt check: nothing failed, but something is worth a look */
};

struct option {
	const char *name;     /* without "--"; NULL: there are no more */
	const char *argument; /* what it is called in --help; NULL: it takes none */
	const char *help;
};

enum { MOST_OPTIONS = 4 };

struct call;

struct command {
	const char *name;
	const char *operand; /* what it is called in --help; NULL: there is none */
	const char *summary; /* one line */
	const char *text;    /* more of it, for --help */
	struct option options[MOST_OPTIONS + 1];
	const char *exits; /* exit statuses, lines for --help */
	/* @return an exit status, or -1 with @err filled in: that is EXIT_FAILED */
	int (*run)(const struct call *call, struct vfpt_error *err);
};

/* One command line. */
struct call {
	const struct command *command;
	const char *operand;
	const char *values[MOST_OPTIONS]; /* of each option; "" for one without argument; NULL: not given */
};

extern const struct command list_command, show_command, explain_command, check_command, release_command,
	reconcile_command, repair_command, capture_command;

/* The value of that option of the command, NULL where it is not given. */
const char *option(const struct call *call, const char *name);

/* Take the words behind the subcommand's name. @return 0, 1 when --help is answered, -1 with @err */
int read_call(struct call *call, char **words, struct vfpt_error *err);

/* --- what is open (tools.c) */

struct tools {
	bool quiet; /* no warning about vfpt.conf; to be filled in before tools_open() */
	bool root;  /* who is root stays it; likewise */
	struct vfpt_session session;
	struct vfpt_error config_error; /* VFPT_OK: none; else the defaults count */
	size_t count;                   /* all assignments, by address: tools_load() */
	struct vfpt_assignment *assignments;
	size_t corrupt; /* records that cannot be read */
};

/* Not open: what follows are members that are not zero. */
#define TOOLS_CLOSED .session = VFPT_SESSION_CLOSED

/* Open all below / or VFPT_ROOT. Where root runs the command it becomes the ledger's owner first. */
int tools_open(struct tools *tools, enum vfpt_session_use use, struct vfpt_error *err);
void tools_close(struct tools *tools);

/* Read all assignments, with a warning for each record that cannot be read. */
int tools_load(struct tools *tools, struct vfpt_error *err);

/* --- looking (look.c) */

struct look {
	const struct vfpt_pf *pf;
	unsigned vf;
	struct vfpt_pci address;
	char driver[32]; /* empty: none */
	bool has_netdev;
	struct vfpt_netdev netdev;
	int iommu_group; /* -1: none */
	enum vfpt_state state;
	char reason[VFPT_REASON_SIZE];            /* VFPT_UNUSABLE */
	const char *owner;                        /* VFPT_ASSIGNED: the VM; "" where the record is garbage */
	const struct vfpt_assignment *assignment; /* NULL: none that could be read */
	struct vfpt_settings settings;
};

/* What is done with a VF. @return 0, or -1 with @err filled in */
typedef int visit_vf(const struct look *look, void *data, struct vfpt_error *err);

/* Look at all VFs of the PF. */
int look_at_pf(
	struct tools *tools, const struct vfpt_pf *pf, visit_vf *visit, void *data, struct vfpt_error *err);

/* --- what a user means (subject.c) */

/* A VF, a vNIC's MAC or a VM. */
struct subject {
	enum { SUBJECT_VF, SUBJECT_MAC, SUBJECT_VM } kind;
	struct vfpt_pci vf; /* may be gone from this host */
	struct vfpt_mac mac;
	char vm[VFPT_VM_SIZE];
};

#define SUBJECT_TEXT                                                                                         \
	"VF is a PCI address (0000:01:10.0), PF:INDEX (ens1f0:3) or the name of the VF's\n"                  \
	"network device; VM is the VM's id.\n"

int subject_read(struct tools *tools, const char *text, struct subject *out, struct vfpt_error *err);
bool subject_is(const struct subject *subject, const struct vfpt_assignment *assignment);
bool subject_is_look(const struct subject *subject, const struct look *look);

/* --- for people (print.c) */

enum colour { PLAIN, GOOD, DOUBTFUL, BAD };

/* Print a line, wrapped at 80 columns, later ones indented. Nothing in it that a terminal would act on. */
void say(unsigned indent, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same, the first line behind a coloured word that is @indent wide at least. */
void say_behind(enum colour colour, const char *word, unsigned indent, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

enum { SETTINGS_TEXT = 320 };

/*
 * "mac 56:..., vlan_id 200, max_tx_rate 100 Mbit/s". @usual false:
 * without those that say "nothing special"
 */
char *settings_text(const struct vfpt_settings *settings, bool usual, char text[SETTINGS_TEXT]);

/* "link up, 1000 Mbit/s, MTU 1500, NUMA node 0, switchdev mode" */
char *pf_text(const struct tools *tools, const struct vfpt_pf *pf, char *text, size_t size);

/* "ovirtmgmt, blue (VLAN 200)": the networks that the PF serves; "none" */
char *networks_text(const struct vfpt_surveyed_network *services, size_t count, const struct vfpt_pf *pf,
	char *text, size_t size);

/* --- for programs (json.c) */

/* An object of its own, {"version": 1}: a key that comes keeps it, one that changes or goes raises it. */
json_object *json_document(void);
void json_print(json_object *document);

/* NULL or empty: null. */
json_object *json_text(const char *text);
json_object *json_settings(const struct vfpt_settings *settings);
json_object *json_assignment(const struct vfpt_assignment *assignment);
json_object *json_pci(const struct vfpt_pci *address);
void json_add_where(json_object *object, const char *pf, unsigned vf, const struct vfpt_pci *address);

#endif
