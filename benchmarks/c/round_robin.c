/* Take the workers in turn. */

#include "policy.h"

ARRAY(turn, __u64, 1);

POLICY(round_robin)
{
	__u64 *next = AT(turn, 0);

	if (unlikely(!next))
		return fault(INDEX_ERROR);
	return serve(ctx, __sync_fetch_and_add(next, 1) % WORKERS);
}
