/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asking in a process of its own, which can be given up: what is asked may never answer. */
#ifndef VFPT_CHILD_H
#define VFPT_CHILD_H

/*
 * Writes an answer to @out. @kept is the descriptor that was handed on. @return 0, or anything else where the
 * answer is not whole.
 */
typedef int child_answer(int out, int kept, void *data);

/*
 * Have @answer called in a child that has no capability, no lock and no descriptor of ours but @kept (-1:
 * none), and is killed when it takes longer than @seconds.
 * @return all that it wrote, to be freed by free(), or NULL when it failed or took too long
 */
char *child_ask(unsigned seconds, int kept, child_answer *answer, void *data);

#endif
