/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the fuzz targets share. A target is one function, LLVMFuzzerTestOneInput(), that gives its input to
 * one module and says with MUST() what holds whatever the input is. Nothing is kept from one run to the next.
 */
#ifndef VFPT_TESTS_FUZZ_H
#define VFPT_TESTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vfpt/error.h"
#include "vfpt/settings.h"

#define MUST(condition)                                                                                      \
	do {                                                                                                 \
		if (!(condition))                                                                            \
			broken(__FILE__, __LINE__, #condition);                                              \
	} while (0)

_Noreturn void broken(const char *file, int line, const char *condition);

/* libFuzzer's entry points. */
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

/* Is there nothing in it that a terminal would act on, or that turns what is read? */
bool is_tame(const char *text, size_t size);

/* What failed says why, in one line that a terminal can be given. */
void must_tell(const struct vfpt_error *err);

/* Each setting that is there is printed as it is read back. */
void must_be_settings(const struct vfpt_settings *settings);

/* A copy of the input and a '\0', no byte longer, so that reading behind it is seen; to be freed. */
char *as_string(const uint8_t *data, size_t size);

/* A directory of this process, in memory; it goes when the process ends. */
int own_directory(void);
const char *own_path(void);

/* Give the file these bytes; its directory is there. */
void write_bytes(int dir, const char *path, const void *bytes, size_t size);

#endif
