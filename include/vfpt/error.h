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

#ifdef __cplusplus
extern "C" {
#endif

/** The bytes of a message, with its end. */
#define VFPT_ERROR_SIZE 1024

/** ENOTSUPP, which drivers answer and <errno.h> lacks: linux/include/linux/errno.h. */
#define VFPT_ENOTSUPP 524

/** What kind of failure: what a caller may decide on. The text is for people. */
enum vfpt_code {
	VFPT_OK = 0,    /**< there is no error */
	VFPT_BAD_INPUT, /**< what the caller gave is wrong: a name, an address, a value */
	VFPT_NO_VF,     /**< there is no such VF, or none that can be used */
	VFPT_REFUSED,   /**< the kernel or the driver refused a setting */
	VFPT_BUSY,      /**< the driver is busy, or resets the VF: later it may be done */
	VFPT_CORRUPT,   /**< a record cannot be understood; the hooks' own, no function of libvfpt says it */
	VFPT_SYSTEM,    /**< a system call failed: permissions, memory, a device that went away */
};

/**
 * An error. It owns nothing: it need not be set before a call, nor freed after one. Only after a call that
 * failed does it mean anything.
 */
struct vfpt_error {
	enum vfpt_code code;
	int number;                    /**< the errno value behind it; 0: none */
	char message[VFPT_ERROR_SIZE]; /**< one line without its end, as vfpt_sanitise() leaves it */
};

/**
 * Put '?' in the place of each character that a terminal or a log would act on, or that nobody sees: control
 * characters, separators of lines, marks that turn the direction of writing, characters without width. Bytes
 * that are not UTF-8 become '?' too. What is shown of a text from outside has been through this.
 * @param text is changed in place; it never grows
 * @param multiline newlines and tabs stay
 */
void vfpt_sanitise(char *text, bool multiline);

/**
 * Fill @err with @code and a formatted message, as printf(3) does. It goes through vfpt_sanitise(); one that
 * is longer than VFPT_ERROR_SIZE is cut.
 * @return always -1, so that a failing function can `return vfpt_error_set(...)`.
 */
int vfpt_error_set(struct vfpt_error *err, enum vfpt_code code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/**
 * Like vfpt_error_set(), with ": " and the text of @number at its end. Of ENOTSUPP, which drivers answer
 * and which user space has no word for, the text is this library's.
 * @param number an errno value
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

#ifdef __cplusplus
}
#endif

#endif
