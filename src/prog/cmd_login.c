#include "prog/attend.h"
#include "prog/commands.h"

int
cmd_login(const struct options *o, struct err *e)
{
	return attend(o, OCCASION_LOGIN, e);
}

int
cmd_checkpoint(const struct options *o, struct err *e)
{
	return attend(o, OCCASION_CHECKPOINT, e);
}

int
cmd_logout(const struct options *o, struct err *e)
{
	return attend(o, OCCASION_LOGOUT, e);
}
