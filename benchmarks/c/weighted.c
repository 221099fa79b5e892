/* Give each worker the share of the requests that user space sets. */

#include "policy.h"

ARRAY(share, __u32, WORKERS);

POLICY(weighted)
{
	__s64 ticket = bpf_get_prandom_u32() % 100;

	for (__u32 worker = 0; worker < WORKERS; worker++) {
		__u32 *percent = AT(share, worker);

		if (unlikely(!percent))
			return fault(INDEX_ERROR);
		ticket -= *percent;
		if (ticket < 0)
			return serve(ctx, worker);
	}
	return pass();
}
