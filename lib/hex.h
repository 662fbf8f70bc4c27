/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hexadecimal numbers, the parts of MAC and PCI addresses. A host has thousands of them: sscanf() and
 * snprintf() take ten times as long.
 */
#ifndef VFPT_LIB_HEX_H
#define VFPT_LIB_HEX_H

#include <stdint.h>

/*
 * Parse @min to @max digits, 8 at most, with the character @end behind them ('\0': the text's end).
 * @return what is behind @end; NULL where that is not what stands there
 */
const char *hex_parse(const char *text, int min, int max, char end, uint32_t *value);

/* Print with @min digits at least, without a '\0'. @return what is behind them */
char *hex_print(char *at, uint32_t value, int min);

#endif
