/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "support.h"
int main(void)
{
	return run_suite(suite_create("x"));
}
