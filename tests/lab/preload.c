/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a local user would like to have inside a hook: it leaves a sign that it was there, and says that he is
 * VDSM and that nothing is privileged.
 */
#include <fcntl.h>
#include <sys/auxv.h>
#include <unistd.h>

__attribute__((constructor)) static void be_there(void)
{
	int fd = open("/tmp/was-there", O_WRONLY | O_CREAT | O_CLOEXEC, 0666);

	if (fd >= 0)
		close(fd);
}

uid_t getuid(void)
{
	return VFPT_VDSM_UID;
}

unsigned long getauxval(unsigned long type)
{
	(void)type;
	return 0;
}
