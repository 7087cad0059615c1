#include <string.h>

#include "base/text.h"
#include "prog/look.h"
#include "prog/primary.h"

static int
open_store(struct look *l, const struct options *o, unsigned at, struct err *e)
{
	(void)o;
	if ((at & LOOK_STORE) == 0)
		return 0;
	if (context_open_store(&l->c, CONTEXT_LOOK, e) == -1)
		return -1;
	if (l->c.store == NULL)
		return err_set(e, ERR_GONE, "%s: there is no store yet",
		    l->setup.store);
	return context_load_head(&l->c, CONTEXT_LOOK, e);
}

int
look_open(struct look *l, const struct options *o, unsigned at, struct err *e)
{
	struct setup_how how = options_setup(o);

	if (setup_load(&l->setup, &how, e) == -1)
		return -1;
	if (primary_look(&l->primary, &l->setup, e) == -1) {
		setup_free(&l->setup);
		return -1;
	}
	context_init(&l->c, &l->setup);
	if (((at & LOOK_STORE) == 0 || setup_need_store(&l->setup, e) == 0) &&
	    setup_load_rules(&l->setup, e) == 0 &&
	    context_open_home(&l->c, CONTEXT_LOOK, 0, e) == 0 &&
	    open_store(l, o, at, e) == 0)
		return 0;
	look_close(l);
	return -1;
}

void
look_close(struct look *l)
{
	context_close(&l->c);
	setup_free(&l->setup);
}

int
look_generation(const char *text, uint64_t *out, struct err *e)
{
	struct err why;

	if (strcmp(text, "head") == 0) {
		*out = 0;
		return 0;
	}
	if (text_number(text, 1, GEN_MAX, out, &why) == -1)
		return err_set(e, ERR_USAGE,
		    "%s: not a generation: a number as 'roam log' shows it, or "
		    "head",
		    text);
	return 0;
}
