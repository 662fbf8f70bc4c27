/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file error.h
 * The one error type: what kind of failure, and one line that says what happened, why, and what to do.
 *
 * A function that can fail takes a `struct vfpt_error *` and returns 0, or -1 with the error filled in. It is
 * filled where the cause is known; callers put context in front of it on the way up (vfpt_error_wrap) or pass
 * it on.
 */
#ifndef VFPT_ERROR_H
#define VFPT_ERROR_H

#include <stdarg.h>
#include <stdbool.h>

#define VFPT_ERROR_SIZE 1024

/** What kind of failure: what a caller may decide on. The text is for people. */
enum vfpt_code {
	VFPT_OK = 0,
	VFPT_BAD_INPUT, /**< the document, the environment or a custom property is wrong */
	VFPT_NO_VF, /**< the host has no usable VF for this vNIC (a `preferred` one then stays on its bridge)
		     */
	VFPT_REFUSED, /**< the kernel or the driver refused a setting */
	VFPT_CORRUPT, /**< a ledger record cannot be understood */
	VFPT_SYSTEM,  /**< a system call failed: permissions, space, memory */
};

struct vfpt_error {
	enum vfpt_code code;
	char message[VFPT_ERROR_SIZE]; /**< one line without its end, as vfpt_sanitise() leaves it */
};

/**
 * Put '?' in the place of each character that a terminal or a log would act on, or that nobody sees: control
 * characters, separators of lines, marks that turn the direction of writing, characters without width. Bytes
 * that are not UTF-8 become '?' too. What is shown of a text from outside has been through this.
 * @param multiline newlines and tabs stay
 */
void vfpt_sanitise(char *text, bool multiline);

/**
 * Fill @err with @code and a formatted message. It is sanitised (property values come from VM users); a
 * longer message is cut.
 * @return always -1, so that a failing function can `return vfpt_error_set(...)`.
 */
int vfpt_error_set(struct vfpt_error *err, enum vfpt_code code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/**
 * Like vfpt_error_set(), with ": " and the text of @number (an errno value) at its end.
 * @return always -1.
 */
int vfpt_error_errno(struct vfpt_error *err, enum vfpt_code code, int number, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/**
 * Put a formatted context and ": " in front of the message that @err holds; its code stays.
 * @return always -1.
 */
int vfpt_error_wrap(struct vfpt_error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** Put a formatted remedy behind the message that @err holds, after "; ". @return always -1. */
int vfpt_error_remedy(struct vfpt_error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
