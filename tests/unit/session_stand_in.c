/*
 * What the tested module starts instead of roam-session. The user's name says
 * what it does; it leaves what it was given in the folder that --config names.
 */
#include <sys/stat.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

static FILE *
note(const char *dir, const char *name)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if ((f = fopen(path, "w")) == NULL)
		exit(1);
	return f;
}

/* All that a child could have inherited, one line each. */
static void
note_state(const char *dir)
{
	char cwd[4096], secret[2048] = "";
	sigset_t blocked;
	FILE *f = note(dir, "state");
	int ignored = 0, open = 0, some = 0;

	for (int i = 1; i < 32; i++) {
		struct sigaction a;

		if (sigaction(i, NULL, &a) == 0 && a.sa_handler != SIG_DFL)
			ignored++;
	}
	(void)sigprocmask(SIG_SETMASK, NULL, &blocked);
	for (int i = 1; i < 32; i++)
		some += sigismember(&blocked, i) == 1;
	for (int i = 3; i < 256; i++)
		open += fcntl(i, F_GETFD) != -1 && i != fileno(f);
	(void)!read(0, secret, sizeof(secret) - 1);
	fprintf(f,
	    "cwd %s\numask %o\nhandlers %d\nblocked %d\nopen %d\n"
	    "session %d\nsecret %s\n",
	    getcwd(cwd, sizeof(cwd)), (unsigned)umask(0), ignored, some, open,
	    getsid(0) == getpid(), secret);
	for (char **v = environ; *v != NULL; v++)
		fprintf(f, "env %s\n", *v);
	fclose(f);
}

static void
say(const char *text)
{
	(void)!write(1, text, strlen(text));
}

/* Keeps its end of the pipe till somebody ends it. */
static void
hang(const char *dir)
{
	FILE *f = note(dir, "pid");

	fprintf(f, "%ld\n", (long)getpid());
	fclose(f);
	sleep(60);
}

int
main(int argc, char **argv)
{
	const char *user = argv[2], *dir;

	if (argc < 7 || argc > 8 || strcmp(argv[5], "--config") != 0)
		return 2;
	dir = argv[6];
	note_state(dir);
	FILE *f = note(dir, argv[1]);
	fprintf(f, "%s %s %s%s%s\n", argv[2], argv[3], argv[4],
	    argc == 8 ? " " : "", argc == 8 ? argv[7] : "");
	fclose(f);
	if (strcmp(user, "alice") == 0)
		say("deadline 5\nmessage Roam: profile up to date\n"
		    "error two \033[31mconflicts\nnews 1\nresult 0 fine\n");
	else if (strcmp(user, "bob") == 0)
		say("result 1 the store did not answer\n");
	else if (strcmp(user, "carol") == 0)
		say("result 8 no server, no session\n");
	else if (strcmp(user, "hans") == 0)
		hang(dir);
	else if (strcmp(user, "promise") == 0) {
		say("deadline 1\n");
		hang(dir);
	} else if (strcmp(user, "flood") == 0)
		for (int i = 0; i < 4000; i++)
			say("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
			    "x");
	return 0;
}
