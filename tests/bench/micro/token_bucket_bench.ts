/**
 * The outbound rate: asked once per metered frame.
 *
 * @module
 */
import { TokenBucket } from "../../../actors/stream/token_bucket.ts";

const limited = new TokenBucket(1_000_000, 0);
const unlimited = new TokenBucket(0, 0);
let now = 0;

Deno.bench("take a token", () => void limited.take(now += 0.01));

Deno.bench("take from an unlimited bucket", () => void unlimited.take(now += 0.01));
