/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the hooks run, and all that they may change there: the document, the ledger, the VFs. It can be
 * remembered, compared, and put back. A captured host ($VFPT_ROOT) has no settings that could be read; on the
 * machine itself, which is the lab, they are the kernel's.
 */
#ifndef VFPT_TESTS_PLACE_H
#define VFPT_TESTS_PLACE_H

#include <stdbool.h>
#include <stddef.h>

/* Of the VM that the hooks run for. */
#define VM "b7c5a0de-2f43-4b5e-8a55-0a1b2c3d4e07"

/* Of one that wants VFs too. */
#define OTHER "3f0f5d7e-6c1a-4d0e-9a0b-5f6d7c8e9a01"

/* @directory is for the document, and must be empty. */
void place_open(const char *directory);
void place_close(void);

bool place_is_captured(void);

/* The document's path. */
const char *place_document(void);

struct state {
	char *document;  /* NULL: it is gone */
	char *host;      /* VFs and records as text, without the records' generations */
	char *rest;      /* hidden files in the ledger, files beside the document, whose that is */
	size_t vf_count; /* and the rest, as it is put back */
	struct vfpt_settings *vfs;
	size_t record_count;
	struct record *records;
};

struct state *state_take(void);
void state_put(const struct state *state);
void state_free(struct state *state);

bool state_equal(const struct state *a, const struct state *b);

/* Print in comment lines what is different. */
void state_explain(const struct state *is, const struct state *expected);

void put_document(const char *text);

/* What libvirt does to the VFs when it starts the VM: it drops VLAN priorities. */
void play_libvirt(void);

/* How many VFs that VM has on the network, by the ledger. */
unsigned count_records(const char *vm, const char *network);

/* All VFs without a record are someone's, by records that nobody can read; and no more. */
void occupy_free_vfs(void);
void vacate_vfs(void);

/* Can every record be read? */
bool ledger_is_sound(void);

/*
 * Do the document and the ledger name the same VFs, at least @least, and have these VFs the settings that the
 * records say? With a @model: are VLANs and settings those that it has, on whichever VFs?
 */
bool is_given(const struct state *state, unsigned least, const struct state *model);

#endif
