#include "pam_hand.h"

#include <sys/stat.h>
#include <sys/syscall.h>

#include <linux/keyctl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pam_child.h"

#define NAME_MAX_LEN 96
#define USER_MAX_LEN 256
#define BYTES_MAX    (USER_MAX_LEN + PAM_SECRET_MAX + 1)

/* Root may see and read it, remove it, and say until when it is there. */
#define ROOT_MAY 0x003f0000u /* KEY_USR_ALL of the kernel */

static long
control(int what, unsigned long a, unsigned long b, unsigned long c)
{
	return syscall(SYS_keyctl, what, a, b, c, 0UL);
}

/* Numbers of processes are those of a namespace, keyrings are not. */
static bool
name_for(pid_t pid, char out[NAME_MAX_LEN])
{
	struct stat st;

	if (geteuid() != 0 || stat("/proc/self/ns/pid", &st) == -1)
		return false;
	snprintf(out, NAME_MAX_LEN, "pam_roam:%lu:%ld",
	    (unsigned long)st.st_ino, (long)pid);
	return true;
}

int32_t
pam_hand_leave(const char *user, const char *secret)
{
	char name[NAME_MAX_LEN], bytes[BYTES_MAX];
	size_t user_len = strlen(user) + 1;
	size_t len = strnlen(secret, PAM_SECRET_MAX);
	long key;

	if (user_len > USER_MAX_LEN || !name_for(getppid(), name))
		return -1;
	memcpy(bytes, user, user_len);
	memcpy(bytes + user_len, secret, len);
	key = syscall(SYS_add_key, "user", name, bytes, user_len + len,
	    KEY_SPEC_USER_KEYRING);
	explicit_bzero(bytes, sizeof(bytes));
	if (key == -1)
		return -1;
	if (control(KEYCTL_SET_TIMEOUT, (unsigned long)key, HAND_S, 0) == 0 &&
	    control(KEYCTL_SETPERM, (unsigned long)key, ROOT_MAY, 0) == 0)
		return (int32_t)key;
	pam_hand_forget((int32_t)key);
	return -1;
}

char *
pam_hand_take(const char *user)
{
	char name[NAME_MAX_LEN], bytes[BYTES_MAX], *secret = NULL;
	size_t user_len = strlen(user) + 1;
	long key, len;

	if (!name_for(getpid(), name))
		return NULL;
	key = syscall(SYS_keyctl, KEYCTL_SEARCH, (long)KEY_SPEC_USER_KEYRING,
	    "user", name, 0L);
	if (key == -1)
		return NULL;
	len = syscall(SYS_keyctl, KEYCTL_READ, key, bytes, sizeof(bytes), 0L);
	/* A process of the same number may have been for another. */
	if (len > (long)user_len && (size_t)len <= sizeof(bytes) &&
	    memcmp(bytes, user, user_len) == 0)
		secret = strndup(bytes + user_len, (size_t)len - user_len);
	explicit_bzero(bytes, sizeof(bytes));
	pam_hand_forget((int32_t)key);
	return secret;
}

void
pam_hand_forget(int32_t key)
{
	if (key != -1)
		(void)control(KEYCTL_INVALIDATE, (unsigned long)key, 0, 0);
}
