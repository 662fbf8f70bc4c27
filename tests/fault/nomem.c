/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * To be preloaded: allocation number $VFPT_NOMEM of the program fails, by malloc() or any of its kin, in
 * whichever library (glibc's own strdup(), asprintf(), opendir() ... come here too). The file
 * $VFPT_NOMEM_MARK then goes, which tells that there was such an allocation. Those that the dynamic linker
 * makes before its first constructor are not counted.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static unsigned long left; /* allocations up to the one that fails; 0: none fails */

__attribute__((constructor)) static void start(void)
{
	const char *number = getenv("VFPT_NOMEM");

	left = number ? strtoul(number, NULL, 10) : 0;
}

static bool fails(void)
{
	const char *mark;

	if (left == 0 || --left > 0)
		return false;
	mark = getenv("VFPT_NOMEM_MARK");
	if (mark)
		unlink(mark);
	errno = ENOMEM;
	return true;
}

/* The next one: glibc's, or a sanitizer's. */
static void *next(const char *name)
{
	void *function = dlsym(RTLD_NEXT, name);

	if (!function)
		abort();
	return function;
}

void *malloc(size_t size)
{
	static void *(*real)(size_t);

	if (!real)
		real = (void *(*)(size_t))next("malloc");
	return fails() ? NULL : real(size);
}

void *calloc(size_t count, size_t size)
{
	static void *(*real)(size_t, size_t);

	if (!real)
		real = (void *(*)(size_t, size_t))next("calloc");
	return fails() ? NULL : real(count, size);
}

void *realloc(void *old, size_t size)
{
	static void *(*real)(void *, size_t);

	if (!real)
		real = (void *(*)(void *, size_t))next("realloc");
	return fails() ? NULL : real(old, size);
}

/* glibc's own comes to realloc(), a sanitizer's does not. */
void *reallocarray(void *old, size_t count, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(count, size, &total)) {
		errno = ENOMEM;
		return NULL;
	}
	return realloc(old, total);
}

static char *copy(const char *text, size_t length)
{
	char *made = malloc(length + 1);

	if (!made)
		return NULL;
	made[length] = '\0';
	return memcpy(made, text, length);
}

/* As with reallocarray(). */
char *strdup(const char *text)
{
	return copy(text, strlen(text));
}

char *strndup(const char *text, size_t size)
{
	return copy(text, strnlen(text, size));
}

int posix_memalign(void **out, size_t alignment, size_t size)
{
	static int (*real)(void **, size_t, size_t);

	if (!real)
		real = (int (*)(void **, size_t, size_t))next("posix_memalign");
	return fails() ? ENOMEM : real(out, alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
	static void *(*real)(size_t, size_t);

	if (!real)
		real = (void *(*)(size_t, size_t))next("aligned_alloc");
	return fails() ? NULL : real(alignment, size);
}
