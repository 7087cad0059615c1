#include "model/place.h"

bool
place_is_stored(const struct place *p)
{
	return p->gen != GEN_NONE && p->gen != GEN_HOLE;
}

bool
place_same_frame(const struct place *a, const struct place *b)
{
	return a->gen == b->gen && a->pack == b->pack && a->frame == b->frame &&
	    a->frame_len == b->frame_len;
}

int
place_order(const struct place *a, const struct place *b)
{
	if (a->gen != b->gen)
		return a->gen < b->gen ? -1 : 1;
	if (a->pack != b->pack)
		return a->pack < b->pack ? -1 : 1;
	if (a->frame != b->frame)
		return a->frame < b->frame ? -1 : 1;
	if (a->frame_len != b->frame_len)
		return a->frame_len < b->frame_len ? -1 : 1;
	if (a->at != b->at)
		return a->at < b->at ? -1 : 1;
	return 0;
}

bool
place_same(const struct place *a, const struct place *b)
{
	if (!place_is_stored(a) || !place_is_stored(b))
		return a->gen == b->gen;
	return place_order(a, b) == 0;
}
