/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A tree of files, links and directories, such as a host's /sys and /proc, made of lines of the input:
 *
 *     PATH=TEXT     a file; ';' in its text is a line's end, '^' a NUL byte
 *     PATH>TARGET   a symbolic link
 *     PATH          a directory
 *
 * What is there already stays: of two lines for one path the first counts.
 */
#ifndef VFPT_TESTS_TREE_H
#define VFPT_TESTS_TREE_H

#include <stdbool.h>

/* Make them below @root. @anywhere: links may lead out of it; else such a line makes nothing. */
void make_tree(int root, char *lines, bool anywhere);

/* Remove all that is below @path, whoever made it. */
void empty_tree(const char *path);

#endif
