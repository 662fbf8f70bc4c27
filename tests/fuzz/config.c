/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vfpt.conf, as it stands on the disk. */
#include <sys/stat.h>

#include "config.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int root = -1;
	struct vfpt_config *config;
	struct vfpt_error err;

	if (root < 0) {
		root = own_directory();
		MUST(mkdirat(root, "etc", 0755) == 0 && mkdirat(root, "etc/vdsm", 0755) == 0);
	}
	write_bytes(root, "etc/vdsm/vfpt.conf", data, size);
	if (vfpt_config_read(root, &config, &err) < 0)
		must_tell(&err);
	MUST(config);
	for (size_t i = 0; i < config->network_count; i++)
		must_be_settings(&config->networks[i].profile.settings);
	vfpt_config_free(config);
	return 0;
}
