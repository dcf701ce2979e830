import type { Explanation, FactorKind, SnapshotResource, SnapshotUser, Verdict } from '@zeronaut/model';
import type { RequestHead } from './http/request-head.ts';
import type { Tables } from './tables.ts';

/**
 * One request, connection, UDP session or forward on its way through the pipeline. It pins the tables it started with:
 * a new snapshot never changes a flow half-way. Every stage reads it; only the stage that owns a field writes it.
 */
export interface Flow {
  readonly requestId: string;
  readonly protocol: 'http' | 'tcp' | 'udp' | 'forward';
  readonly tables: Tables;
  /** Wall clock, ms. */
  readonly startedAt: number;
  readonly downstream: Downstream;
  /** HTTP alone. */
  readonly head?: RequestHead;
  /** Written by the router. */
  resource: SnapshotResource | null;
  /** Written by access. */
  subject: Subject;
  /** Starts at deny; written by the pipeline alone, from what stages return. */
  verdict: Verdict;
  /** Written by access: what policies had to do with the verdict; null: nothing. */
  explanation: Explanation | null;
  /** Written by the balancer. */
  targetId: string;
  /** Towards us and towards the caller, payload bytes as counted by the forwarder. */
  bytesIn: number;
  bytesOut: number;
}

export interface Downstream {
  /** The caller as we believe it: the peer, or what a trusted proxy in front of us says. Normalised. */
  readonly address: string;
  readonly port: number;
  readonly localAddress: string;
  readonly localPort: number;
  readonly tls: boolean;
  /** TLS server name, lower case; null without TLS or SNI. */
  readonly serverName: string | null;
}

export type Subject =
  | { readonly kind: 'anonymous' }
  | {
      readonly kind: 'user';
      readonly user: SnapshotUser;
      readonly sessionId: string;
      /** What the sign-in showed and when; null: unknown. */
      readonly session: { readonly factors: readonly FactorKind[]; readonly atMs: number } | null;
      /** When the session ends, ms. */
      readonly expiresAtMs: number;
    }
  /** As `user`, by a personal access token for this resource. `hash` is where the tables have it. */
  | { readonly kind: 'token_user'; readonly user: SnapshotUser; readonly tokenId: string; readonly hash: string }
  | { readonly kind: 'basic'; readonly username: string }
  | { readonly kind: 'share'; readonly shareId: string }
  | { readonly kind: 'token'; readonly subject: string }
  | { readonly kind: 'address'; readonly userId: string | null };

export const ANONYMOUS: Subject = Object.freeze({ kind: 'anonymous' });

/** How a subject is written in events: `usr_…`, `basic:name`, `share:shr_…`, `token:sub`, or empty. */
export function subjectName(subject: Subject): string {
  switch (subject.kind) {
    case 'anonymous':
      return '';
    case 'user':
    case 'token_user':
      return subject.user.id;
    case 'basic':
      return `basic:${subject.username}`;
    case 'share':
      return `share:${subject.shareId}`;
    case 'token':
      return `token:${subject.subject}`.slice(0, 200);
    case 'address':
      return subject.userId ?? '';
  }
}

/** Id of the credential in events; empty for subjects without one. */
export function credentialId(subject: Subject): string {
  return subject.kind === 'user' ? subject.sessionId : subject.kind === 'token_user' ? subject.tokenId : '';
}
