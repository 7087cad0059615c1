/*
 * model - random histories of a few computers and one store, played in memory
 * with the real engine; every promise is checked at each step.
 *
 * First the cases of the file "seeds" are played, one a line. Then
 * PROPERTY_RUNS histories from PROPERTY_SEED on. What breaks a promise is
 * shrunk, told, and printed as a line for the file.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "history.h"

#define RUNS_USUAL 20000

/* For the one that crashes. */
static volatile sig_atomic_t playing;

static void
on_crash(int sig)
{
	char text[64];
	int n = snprintf(text, sizeof(text), "\nsignal %d at run %d\n", sig,
	    (int)playing);

	(void)!write(STDERR_FILENO, text, (size_t)n);
	_exit(1);
}

static uint64_t
number_from(const char *name, uint64_t fallback)
{
	const char *text = getenv(name);

	return text != NULL ? strtoull(text, NULL, 10) : fallback;
}

/* True where all promises were kept. */
static bool
play(const struct history *h, const char *what)
{
	static struct world w;
	struct history small = *h;
	bool good;

	history_play(&w, h, false);
	good = w.failure[0] == '\0';
	if (!good)
		printf("%s: %s\n", what, w.failure);
	world_free(&w);
	if (good)
		return true;
	history_shrink(&small);
	history_play(&w, &small, true);
	world_free(&w);
	printf("as a line of tests/property/seeds:\n");
	history_print(stdout, &small);
	return false;
}

static unsigned
play_file(const char *name)
{
	struct history h;
	char line[4096], what[64];
	unsigned failed = 0, number = 0;
	FILE *f = fopen(name, "r");

	if (f == NULL) {
		perror(name);
		return 1;
	}
	while (fgets(line, sizeof(line), f) != NULL) {
		number++;
		if (line[0] == '#' || line[0] == '\n')
			continue;
		snprintf(what, sizeof(what), "seeds:%u", number);
		if (!history_parse(&h, line)) {
			printf("%s: no history\n", what);
			failed++;
		} else {
			failed += !play(&h, what);
		}
	}
	fclose(f);
	return failed;
}

int
main(int argc, char **argv)
{
	uint64_t runs = number_from("PROPERTY_RUNS", RUNS_USUAL);
	uint64_t seed = number_from("PROPERTY_SEED", 1);
	uint64_t most = number_from("PROPERTY_FAILURES", 1);
	const char *srcdir = getenv("srcdir");
	char name[4096], what[64];
	struct history h;
	unsigned failed;

	spots_make();
	signal(SIGSEGV, on_crash);
	signal(SIGABRT, on_crash);
	snprintf(name, sizeof(name), "%s/tests/property/seeds",
	    srcdir != NULL ? srcdir : ".");
	failed = play_file(argc > 1 ? argv[1] : name);
	for (uint64_t i = 0; i < runs && failed < most; i++) {
		playing = (sig_atomic_t)i;
		history_draw(&h, seed + i);
		snprintf(what, sizeof(what), "PROPERTY_SEED=%llu",
		    (unsigned long long)(seed + i));
		failed += !play(&h, what);
	}
	if (failed == 0)
		printf("%llu histories from %llu on kept every promise\n",
		    (unsigned long long)runs, (unsigned long long)seed);
	return failed > 0;
}
