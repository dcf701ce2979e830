import { z } from 'zod';
import { timestamp } from './scalars.ts';

/** `unknown`: it could not be found out, which is never taken for `on`. */
export const postureState = z.enum(['on', 'off', 'unknown']);
export type PostureState = z.infer<typeof postureState>;

const processName = z.string().regex(/^[\x21-\x7e]{1,64}$/, 'a process name');
const filePath = z
  .string()
  .regex(/^\/[\x20-\x7e]{1,255}$/, 'an absolute path')
  .refine((path) => !path.split('/').includes('..'), 'a path without ..');

/** What an organization asks of devices. */
export const devicePolicyInput = z.strictObject({
  /** `by_person`: a new device reaches nothing before somebody with devices:write approved it. */
  approval: z.enum(['automatic', 'by_person']).default('automatic'),
  /** Devices say whether these run and exist; never what is in them. */
  processes: z.array(processName).max(20).default([]),
  files: z.array(filePath).max(20).default([]),
});
export type DevicePolicyInput = z.infer<typeof devicePolicyInput>;

export const devicePolicy = z.strictObject({ ...devicePolicyInput.shape, version: z.int().min(1) });
export type DevicePolicy = z.infer<typeof devicePolicy>;

/** What a device says of itself. Signed by its key, which proves who says it, not that it is true. */
export const postureFacts = z.strictObject({
  /** `linux`, `darwin`, `win32`, … */
  platform: z.string().regex(/^[a-z0-9]{1,20}$/),
  /** Name of the distribution or system, such as `debian`; empty when it cannot be found out. */
  os: z.string().max(60),
  osVersion: z.string().max(60),
  kernel: z.string().max(100),
  diskEncryption: postureState,
  firewall: postureState,
  screenLock: postureState,
  processes: z.record(processName, z.boolean()),
  files: z.record(filePath, z.boolean()),
});
export type PostureFacts = z.infer<typeof postureFacts>;

export const devicePosture = z.strictObject({ facts: postureFacts, collectedAt: timestamp, receivedAt: timestamp });
export type DevicePosture = z.infer<typeof devicePosture>;

/** JWS header `typ` of a report; the payload is `postureClaims`, the key is the device's, as `jwk` in the header. */
export const POSTURE_TYPE = 'zeronaut-posture+jwt';
export const postureClaims = z.strictObject({ deviceId: z.string(), collectedAt: timestamp, facts: postureFacts });
