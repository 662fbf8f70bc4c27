# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Any local user: what he can do with processes and files of his own. Sourced by tests/lab/attacks.sh.

attacks+=()
