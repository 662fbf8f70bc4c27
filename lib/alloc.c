/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "alloc.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void scoped_free(void *pointer)
{
	int saved = errno;

	free(*(void **)pointer);
	errno = saved;
}

void scoped_close(const int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	errno = saved;
}

void scoped_fclose(void *file)
{
	int saved = errno;

	if (*(FILE **)file)
		fclose(*(FILE **)file);
	errno = saved;
}

void *vfpt_array_add(void *array, size_t *count, size_t size)
{
	void *items = *(void **)array, *grown = items;

	/* Room doubles at each power of two. */
	if ((*count & (*count - 1)) == 0)
		grown = reallocarray(items, *count ? *count * 2 : 1, size);
	if (!grown)
		return NULL;
	*(void **)array = grown;
	return memset((char *)grown + (*count)++ * size, 0, size);
}
