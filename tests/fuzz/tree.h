/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A tree of files, links and directories, such as a host's /sys and /proc, made of lines of the input:
 *
 *     PATH=TEXT     a file; ';' in its text is a line's end, '^' a NUL byte
 *     PATH>TARGET   a symbolic link
 *     PATH          a directory
 */
#ifndef VFPT_TESTS_TREE_H
#define VFPT_TESTS_TREE_H

#include <stdbool.h>

/* Make them below @root; what is there already stays. No link leads out. */
void make_tree(int root, char *lines);

/*
 * Make them, and what is in their way goes aside, into the directory above @root. @anywhere: links may lead
 * out. Most of a tree can so be there once and for all.
 */
void change_tree(int root, char *lines, bool anywhere);

/* Take it back, which removes what was made and nothing else. @return false when somebody else made something
 * in there */
bool restore_tree(int root);

/* Remove all that is below @path, whoever made it. */
void empty_tree(const char *path);

#endif
