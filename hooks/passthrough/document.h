/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The file with the document that VDSM hands over: read, and replaced in one step. */
#ifndef VFPT_DOCUMENT_H
#define VFPT_DOCUMENT_H

#include <sys/types.h>

#include "domain.h"

struct vfpt_document {
	const char *path; /* NULL: none, a sample */
	int directory;    /* that it is in, opened once, for replacing it; -1: none */
	const char *name; /* that it has there */
	mode_t mode;      /* its mode and owner */
	uid_t uid;
	gid_t gid;
	char *text; /* as it was read */
	size_t size;
	struct vfpt_domain *domain;
};

/* Nothing is open. */
#define VFPT_DOCUMENT_CLOSED                                                                                 \
	{                                                                                                    \
		.directory = -1                                                                              \
	}

/*
 * Read and parse the document at @path. Parsing one that takes too long ends the program, before anything was
 * done, see document.c.
 * @param replaceable it may be replaced later: then no link is followed, for what is behind it may be
 * anybody's Errors: VFPT_BAD_INPUT, VFPT_SYSTEM.
 */
int vfpt_document_read(
	struct vfpt_document *document, const char *path, bool replaceable, struct vfpt_error *err);

/* The same with a text in place of a file. */
int vfpt_document_use(struct vfpt_document *document, const char *text, struct vfpt_error *err);

/*
 * Replace the file by the document as it is now, in one step, with the old one's mode and owner. What a hook
 * that was killed left of such a step is removed by vfpt_document_clean().
 */
int vfpt_document_replace(const struct vfpt_document *document, struct vfpt_error *err);
void vfpt_document_clean(const struct vfpt_document *document);

void vfpt_document_close(struct vfpt_document *document);

#endif
