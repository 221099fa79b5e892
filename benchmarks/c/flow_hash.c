/* Keep a flow with one worker. */

#include "policy.h"

POLICY(flow_hash)
{
	return serve(ctx, ctx->hash % WORKERS);
}
