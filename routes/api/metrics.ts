/**
 * `GET /metrics`, for Prometheus.
 *
 * @module
 */
import type { AppContext, AppDeps } from "../context.ts";

/** Answers a scrape. */
export async function getMetrics(c: AppContext, { metrics }: AppDeps): Promise<Response> {
  const { contentType, text } = await metrics.scrape();
  return c.body(text, 200, { "Content-Type": contentType });
}
