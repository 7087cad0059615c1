#include "ground.h"

#include <sys/mman.h>
#include <sys/wait.h>

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

#define RACERS 8
#define ROUNDS 100 /* at most */

TestSuite(contract_race, .init = enter, .fini = leave, .timeout = 300);

/* What all racers see. */
struct race {
	pthread_barrier_t start;
	int rounds;
	int won[RACERS][ROUNDS];
	int other[RACERS]; /* failures that are not ERR_RACE */
};

static int
rounds_wanted(void)
{
	const char *given = getenv("ROAM_TEST_ROUNDS");
	uint64_t n = ROUNDS;

	if (given != NULL)
		cr_assert_eq(text_number(given, 1, ROUNDS, &n, &e), 0);
	return (int)n;
}

static void
race_one(struct race *r, int me)
{
	char from[STORE_PATH_MAX + 1], to[STORE_PATH_MAX + 1];
	char file[STORE_PATH_MAX + 1], text[32];

	open_store(); /* of its own: not every kind can be shared */
	for (int i = 0; i < r->rounds; i++) {
		snprintf(from, sizeof(from), "%.60s/from-%d-%d", dir, me, i);
		snprintf(to, sizeof(to), "%.60s/gen/%d", dir, i);
		snprintf(file, sizeof(file), "%.100s/id", from);
		snprintf(text, sizeof(text), "%d", me);
		if (store_mkdir(store, from, &e) == -1 ||
		    make_file(file, text, strlen(text)) == -1)
			r->other[me]++;
		pthread_barrier_wait(&r->start);
		if (store_publish(store, from, to, &e) == 0)
			r->won[me][i] = 1;
		else if (e.kind != ERR_RACE)
			r->other[me]++;
	}
	store_close(store);
}

static void
let_them_race(struct race *r)
{
	pthread_barrierattr_t shared;
	pid_t pid[RACERS];
	int status;

	pthread_barrierattr_init(&shared);
	pthread_barrierattr_setpshared(&shared, PTHREAD_PROCESS_SHARED);
	pthread_barrier_init(&r->start, &shared, RACERS);
	for (int i = 0; i < RACERS; i++)
		if ((pid[i] = fork()) == 0) {
			race_one(r, i);
			_exit(0);
		}
	for (int i = 0; i < RACERS; i++) {
		cr_assert_eq(waitpid(pid[i], &status, 0), pid[i]);
		cr_expect_eq(status, 0);
	}
}

Test(contract_race, of_eight_that_publish_at_once_one_wins)
{
	struct race *r = mmap(NULL, sizeof(*r), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	char id[STORE_PATH_MAX + 1], text[32];
	int winners, winner;

	cr_assert_neq(r, MAP_FAILED);
	r->rounds = rounds_wanted();
	cr_assert_eq(store_mkdir(store, at("gen"), &e), 0);
	let_them_race(r);
	for (int i = 0; i < r->rounds; i++) {
		winners = winner = 0;
		for (int k = 0; k < RACERS; k++)
			if (r->won[k][i]) {
				winners++;
				winner = k;
			}
		cr_expect_eq(winners, 1, "round %d: %d winners", i, winners);
		snprintf(id, sizeof(id), "gen/%d/id", i);
		snprintf(text, sizeof(text), "%d", winner);
		cr_expect_str_eq(load(at(id)), text, "round %d", i);
	}
	for (int k = 0; k < RACERS; k++)
		cr_expect_eq(r->other[k], 0);
	munmap(r, sizeof(*r));
}
