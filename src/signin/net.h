#ifndef ROAM_SIGNIN_NET_H
#define ROAM_SIGNIN_NET_H

/*
 * net - does this machine have a network yet? At the start of a machine a
 * sign-in may come before the address does.
 */
enum net_state {
	NET_NONE,    /* no cable, no radio: nothing to wait for */
	NET_WAITING, /* a link, but no address that leads anywhere */
	NET_UP
};

enum net_state net_look(void);

#endif
