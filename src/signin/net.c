#include "signin/net.h"

#include <sys/socket.h>

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

/* An address that other machines than neighbours may answer to. */
static bool
is_global(const struct sockaddr *a)
{
	const struct sockaddr_in *in =
	    (const struct sockaddr_in *)(const void *)a;
	const struct sockaddr_in6 *in6 =
	    (const struct sockaddr_in6 *)(const void *)a;

	if (a == NULL)
		return false;
	if (a->sa_family == AF_INET)
		return (ntohl(in->sin_addr.s_addr) >> 16) !=
		    ((169u << 8) | 254u);
	return a->sa_family == AF_INET6 &&
	    !IN6_IS_ADDR_LINKLOCAL(&in6->sin6_addr);
}

enum net_state
net_look(void)
{
	const unsigned ready = IFF_UP | IFF_RUNNING;
	enum net_state state = NET_NONE;
	struct ifaddrs *all;

	/* Where the kernel does not say, it is up: one look at the server
	 * tells. */
	if (getifaddrs(&all) == -1)
		return NET_UP;
	for (const struct ifaddrs *i = all; i != NULL; i = i->ifa_next) {
		if ((i->ifa_flags & IFF_LOOPBACK) != 0 ||
		    (i->ifa_flags & ready) != ready)
			continue;
		if (is_global(i->ifa_addr))
			state = NET_UP;
		else if (state == NET_NONE)
			state = NET_WAITING;
	}
	freeifaddrs(all);
	return state;
}
