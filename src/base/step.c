#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/step.h"

void
step(const char *what)
{
	static long left = -1; /* what a test asked for; see step.h */
	const char *at = getenv("ROAM_STOP_AT");

	if (at == NULL)
		return;
	if (left == -1)
		left = strtol(at, NULL, 10);
	if (left > 0 && --left == 0) {
		dprintf(STDERR_FILENO, "stopped after: %s\n", what);
		_exit(STEP_EXIT);
	}
}
