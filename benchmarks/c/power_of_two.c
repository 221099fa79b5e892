/* Look at two workers, chosen at random, and take the one that has less to do. */

#include "policy.h"

ARRAY(load, __u64, WORKERS);

POLICY(power_of_two)
{
	__u32 first = bpf_get_prandom_u32() % WORKERS;
	__u32 second = (first + 1 + bpf_get_prandom_u32() % (WORKERS - 1)) % WORKERS;
	__u64 *one = AT(load, first), *other;

	if (unlikely(!one))
		return fault(INDEX_ERROR);
	other = AT(load, second);
	if (unlikely(!other))
		return fault(INDEX_ERROR);
	return serve(ctx, *one <= *other ? first : second);
}
