/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What hooks and command say on stderr. */
#ifndef VFPT_MESSAGE_H
#define VFPT_MESSAGE_H

#include "vfpt/error.h"

/* Print @err on stderr as one line, "vfpt: MESSAGE". VDSM shows it to the engine's user. */
void vfpt_error_print(const struct vfpt_error *err);

/* Print one line on stderr, "vfpt: warning: ...", for what is worth knowing but fails nothing. */
void vfpt_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Print one line on stderr as it is (for what the program would do: "would set: ..."). */
void vfpt_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * From now on hold back what is said, however much it is. Only where memory runs out it is said at once, and
 * nothing is held any more.
 */
void vfpt_messages_hold(void);

/* Forget what is held back; what is said from now on is held. */
void vfpt_messages_drop(void);

/* Say what is held back, and hold no more. */
void vfpt_messages_show(void);

#endif
