import { z } from 'zod';

/** RFC 9457 problem document. `reason` is one of REASONS; `requestId` is also in the log. */
export const problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string().optional(),
  reason: z.string(),
  requestId: z.string(),
  /** What to do next, for a person. */
  next: z.string().optional(),
  /** Which fields are wrong, as JSON pointers into the body or `query/…`, `params/…`. */
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
});
export type Problem = z.infer<typeof problem>;

/** RFC 6749, 5.2: how the OAuth routes say no instead. `reason` and `requestId` are additions of ours. */
export const oauthError = z.object({
  error: z.string(),
  error_description: z.string(),
  reason: z.string(),
  requestId: z.string(),
});
