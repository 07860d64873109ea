/**
 * What an endpoint of the REST interface is.
 *
 * @module
 */
import { z } from "zod";
import type { ChannelSet } from "../channel_set.ts";
import type { Scope } from "../scopes.ts";

/** One endpoint, as the router, the documentation and clients read it. */
export interface Endpoint {
  /** The HTTP method. */
  readonly method: "GET" | "POST" | "DELETE";
  /** The path; `:name` stands for a segment, described in {@link Endpoint.params}. */
  readonly path: string;
  /** What a key must be allowed to do; `any`: whatever it is; `undefined`: the endpoint is open. */
  readonly scope: Scope | "any" | undefined;
  /** Present where a session begins, and one that exists does not count: the body may say who asks. */
  readonly credentials?: "sign-in";
  /** Whether requests that have the privileges of loopback need no key. */
  readonly openOnLoopback?: true;
  /** Whether no cache may keep its answers, whatever they are. */
  readonly noStore?: true;
  /** What it does, a sentence. */
  readonly summary: string;
  /** The segments of the path that stand for something. */
  readonly params: z.ZodObject;
  /** The parameters of the query; all others but credentials are refused. */
  readonly query: z.ZodObject;
  /** The body of the request; absent when it has none. */
  readonly body?: RequestBody;
  /** The answer, unless it is an error. */
  readonly answer: EndpointAnswer;
}

/** A body that an endpoint reads. Its reader bounds it in bytes and time. */
export interface RequestBody {
  /** The media types that are read. */
  readonly mediaTypes: readonly string[];
  /** Its form, where it is small; events are parsed one by one (`protocol/publish_batch.ts`). */
  readonly schema?: z.ZodType;
  /** What it is, a sentence. */
  readonly summary: string;
}

/** What an endpoint answers unless it is an error. */
export interface EndpointAnswer {
  /** The HTTP status. */
  readonly status: 200 | 201 | 202;
  /** `data` of the envelope; absent when the answer is not an envelope. */
  readonly data?: z.ZodType;
  /** The media type of an answer that is not an envelope. */
  readonly mediaType?: string;
}

/** The media type of envelopes. */
export const JSON_MEDIA_TYPE = "application/json";

/** No parameters. */
export const NOTHING = z.object({});

/** A channel in the path, in any spelling. */
export function channelPath(channels: ChannelSet) {
  return z.object({ channel: channels.anySpelling().describe("The channel.") });
}
