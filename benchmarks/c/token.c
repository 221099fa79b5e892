/* Let a user have as many requests as it has tokens. */

#include "policy.h"

#define USERS 1024
#define USER 2

HASH(tokens, __u32, __s64, USERS);

POLICY(token)
{
	__s64 *left;
	__u32 user;
	__u16 raw;

	if (!READ(ctx, USER, raw))
		return fault(SHORT_PACKET);
	user = __builtin_bswap16(raw);
	left = bpf_map_lookup_elem(&tokens, &user);
	if (!left || __sync_fetch_and_add(left, -1) <= 0)
		return drop();
	return pass();
}
