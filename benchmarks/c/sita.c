/* Give the long requests a worker of their own. */

#include "policy.h"

#define KIND 0
#define SCAN 2

ARRAY(turn, __u64, 1);

POLICY(sita)
{
	__u64 *next;
	__u8 kind;

	if (!READ(ctx, KIND, kind))
		return fault(SHORT_PACKET);
	if (kind == SCAN)
		return serve(ctx, WORKERS - 1);
	next = AT(turn, 0);
	if (unlikely(!next))
		return fault(INDEX_ERROR);
	return serve(ctx, __sync_fetch_and_add(next, 1) % (WORKERS - 1));
}
