/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file pci.h
 * PCI addresses as sysfs writes them.
 */
#ifndef VFPT_PCI_H
#define VFPT_PCI_H

#include <stdbool.h>
#include <stdint.h>

#include "vfpt/error.h"

#ifdef __cplusplus
extern "C" {
#endif

/** "10000:ff:1f.7" and its end: a domain has more than four digits behind Intel VMD. */
#define VFPT_PCI_SIZE 20

/** Every part as the kernel numbers it; behind Intel VMD a domain needs more than 16 bits. */
struct vfpt_pci {
	uint32_t domain;
	uint8_t bus;
	uint8_t slot;     /**< 0 to 31 */
	uint8_t function; /**< 0 to 7 */
};

/**
 * Parse sysfs form, "0000:01:10.0", lower or upper case, nothing before or behind it.
 * @return 0; or -1 with @err filled in, VFPT_BAD_INPUT
 */
int vfpt_pci_parse(const char *text, struct vfpt_pci *out, struct vfpt_error *err);

/** Print in sysfs form. @return @buffer, which is the caller's */
char *vfpt_pci_format(const struct vfpt_pci *address, char buffer[VFPT_PCI_SIZE]);

/** Order by domain, bus, slot, function. @return negative, 0 or positive, as for qsort(). */
int vfpt_pci_compare(const struct vfpt_pci *a, const struct vfpt_pci *b);

/** Are these one and the same function? */
bool vfpt_pci_equal(const struct vfpt_pci *a, const struct vfpt_pci *b);

#ifdef __cplusplus
}
#endif

#endif
