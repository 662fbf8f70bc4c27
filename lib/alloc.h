/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a function owns goes when it returns, whichever way, and errno stays. And arrays that grow. */
#ifndef VFPT_LIB_ALLOC_H
#define VFPT_LIB_ALLOC_H

#include <stddef.h>

/* The function is called with the variable's address at the end of its scope. */
#define scoped(function) __attribute__((cleanup(function)))
#define autofree         scoped(scoped_free)
#define autoclose        scoped(scoped_close)  /* a descriptor; negative: none */
#define autofclose       scoped(scoped_fclose) /* a FILE *; NULL: none */

void scoped_free(void *pointer);
void scoped_close(const int *fd);
void scoped_fclose(void *file);

/*
 * One element more, of @size bytes that are zero, at the end of an array of @count. @array is the address of
 * the pointer to it. @return the element; NULL: no memory, and the array is as it was
 */
void *vfpt_array_add(void *array, size_t *count, size_t size);

#endif
